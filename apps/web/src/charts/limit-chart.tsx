import { clockTime, count } from "@/ui/format.ts";
import { ChartSection, ChartTable, Plot, YAxis } from "./chart.tsx";
import { niceTicks } from "./scale.ts";

export interface LimitSample {
  at: string;
  used: number;
  /** Of the used ones, those held by a call whose outcome is not known. */
  unknown?: number;
}

/** Something used over time against the lines it may not cross. */
export function LimitChart({
  title,
  samples,
  limit,
  ceiling,
  empty,
  className,
}: {
  title: string;
  samples: LimitSample[];
  limit: { value: number; label: string };
  ceiling?: { value: number; label: string } | null;
  empty: string;
  className?: string;
}) {
  const height = 164;
  const top = 18;
  const base = 144;
  const left = 26;
  const most = Math.max(limit.value, ceiling?.value ?? 0, ...samples.map((sample) => sample.used), 1);
  const ticks = niceTicks(most, 3).filter((tick) => tick <= most);
  const y = (value: number) => base - (value / most) * (base - top);
  const peak = Math.max(0, ...samples.map((sample) => sample.used));
  const pitch = (width: number) => (width - left) / Math.max(1, samples.length);
  const centre = (index: number, width: number) => left + pitch(width) * (index + 0.5);
  return (
    <ChartSection
      title={title}
      {...(className ? { className } : {})}
      table={
        <ChartTable
          head={["At", "In use", "Held by unknown"]}
          rows={samples.map((sample) => [
            clockTime(sample.at),
            count(sample.used),
            count(sample.unknown ?? 0),
          ])}
        />
      }
      chart={
        <div className="px-4 lg:px-5">
          <Plot
            finding={`${title}: at most ${count(peak)}; ${limit.label}`}
            height={height}
            buckets={samples.length}
            x={centre}
            tip={(index) => {
              const sample = samples[index];
              return (
                sample && (
                  <span className="tnum">
                    <b className="font-medium">{clockTime(sample.at)}</b>
                    <span className="block text-ink-2">
                      {count(sample.used)} of {count(limit.value)} in use
                    </span>
                    {(sample.unknown ?? 0) > 0 && (
                      <span className="block text-odd-ink">{count(sample.unknown ?? 0)} held by unknown</span>
                    )}
                  </span>
                )
              );
            }}
          >
            {(width, active) => {
              const room = pitch(width);
              const bar = Math.max(1, room - (room > 4 ? 1 : 0));
              return (
                <>
                  <YAxis ticks={ticks} y={y} left={left} right={width} format={count} />
                  {samples.map((sample, index) => {
                    const full = sample.used >= limit.value;
                    const unknown = sample.unknown ?? 0;
                    return (
                      <g key={sample.at} opacity={active === null || active === index ? 1 : 0.5}>
                        <rect
                          x={centre(index, width) - bar / 2}
                          y={y(sample.used - unknown)}
                          width={bar}
                          height={base - y(sample.used - unknown)}
                          fill="var(--o-answered)"
                          opacity={full ? 0.9 : 0.55}
                        />
                        {unknown > 0 && (
                          <rect
                            x={centre(index, width) - bar / 2}
                            y={y(sample.used)}
                            width={bar}
                            height={y(sample.used - unknown) - y(sample.used) - 1}
                            fill="var(--o-unknown)"
                          />
                        )}
                      </g>
                    );
                  })}
                  <line x1={left} x2={width} y1={y(limit.value)} y2={y(limit.value)} stroke="var(--ink)" />
                  <text x={left + 3} y={y(limit.value) - 5} className="axis axis-strong">
                    {limit.label}
                  </text>
                  {ceiling && ceiling.value !== limit.value && (
                    <>
                      <line
                        x1={left}
                        x2={width}
                        y1={y(ceiling.value)}
                        y2={y(ceiling.value)}
                        stroke="var(--line-3)"
                        strokeDasharray="3 3"
                      />
                      <text x={width} y={y(ceiling.value) - 5} textAnchor="end" className="axis">
                        {ceiling.label}
                      </text>
                    </>
                  )}
                  {samples.length > 0 && (
                    <>
                      <text x={left} y={height - 4} className="axis">
                        {clockTime(samples[0]?.at ?? 0)}
                      </text>
                      <text x={width} y={height - 4} textAnchor="end" className="axis">
                        {clockTime(samples.at(-1)?.at ?? 0)}
                      </text>
                    </>
                  )}
                  {samples.length === 0 && (
                    <text x={(left + width) / 2} y={(top + base) / 2} textAnchor="middle" className="axis">
                      {empty}
                    </text>
                  )}
                </>
              );
            }}
          </Plot>
        </div>
      }
    />
  );
}
