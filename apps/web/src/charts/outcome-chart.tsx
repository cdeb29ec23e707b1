import { useId } from "react";
import type { Place } from "@/paths.ts";
import { Go } from "@/shell/go.tsx";
import { OutcomeGlyph, outcomes, outcomeSigns } from "@/signs/outcome.tsx";
import type { Outcome } from "@/signs/outcome.tsx";
import { cn } from "@/ui/cn.ts";
import { clockTime, count, plural, share, short, weekday, weekdayAndDay, day } from "@/ui/format.ts";
import { ChartSection, ChartTable, Hatch, Plot, YAxis } from "./chart.tsx";
import { niceTicks, runs, stack } from "./scale.ts";

export interface OutcomeBucket {
  /** Start of the bucket, an instant. */
  at: string;
  counts: Partial<Record<Outcome, number>>;
  /** No call could have been made in it. */
  closed?: boolean;
}

const sum = (bucket: OutcomeBucket) =>
  outcomes.reduce((all, outcome) => all + (bucket.counts[outcome] ?? 0), 0);

const totalsOf = (buckets: OutcomeBucket[]): Record<Outcome, number> => {
  const totals = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const bucket of buckets) {
    for (const outcome of outcomes) totals[outcome] += bucket.counts[outcome] ?? 0;
  }
  return totals;
};

/** Attempts over time, stacked by what they came to; the legend is the table of totals, each row a door. */
export function OutcomeChart({
  title,
  buckets,
  step,
  link,
  empty,
  className,
}: {
  title: string;
  buckets: OutcomeBucket[];
  step: "hour" | "day" | "minute";
  link?: (outcome: Outcome) => Place;
  /** The sentence on the axis while there is nothing to show. */
  empty: string;
  className?: string;
}) {
  const totals = totalsOf(buckets);
  const all = outcomes.reduce((n, outcome) => n + totals[outcome], 0);
  return (
    <ChartSection
      title={title}
      count={count(all)}
      {...(className ? { className } : {})}
      chart={
        <div className="flex flex-col gap-x-5 gap-y-2 px-4 sm:flex-row sm:items-start lg:px-5">
          <OutcomeBars title={title} buckets={buckets} step={step} empty={all === 0 ? empty : null} />
          <OutcomeLegend totals={totals} {...(link ? { link } : {})} />
        </div>
      }
      table={
        <ChartTable
          head={["From", ...outcomes.map((outcome) => outcomeSigns[outcome].word), "All"]}
          rows={buckets.map((bucket) => [
            bucketName(bucket.at, step),
            ...outcomes.map((outcome) => count(bucket.counts[outcome] ?? 0)),
            count(sum(bucket)),
          ])}
        />
      }
    />
  );
}

const bucketName = (at: string, step: "hour" | "day" | "minute") =>
  step === "day" ? weekdayAndDay(at) : `${weekday(at)} ${clockTime(at)}`;

function OutcomeBars({
  title,
  buckets,
  step,
  empty,
}: {
  title: string;
  buckets: OutcomeBucket[];
  step: "hour" | "day" | "minute";
  empty: string | null;
}) {
  const hatch = useId();
  const height = 164;
  const top = 18;
  const base = 144;
  const left = 30;
  const highest = Math.max(0, ...buckets.map(sum));
  const ticks = niceTicks(highest);
  const most = ticks.at(-1) ?? 1;
  const y = (value: number) => base - (value / most) * (base - top);
  const pitch = (width: number) => (width - left) / Math.max(1, buckets.length);
  const centre = (index: number, width: number) => left + pitch(width) * (index + 0.5);
  const all = buckets.reduce((n, bucket) => n + sum(bucket), 0);
  const answered = buckets.reduce((n, bucket) => n + (bucket.counts.answered ?? 0), 0);

  return (
    <Plot
      className="min-w-0 grow"
      finding={`${title}: ${plural(all, "call")}, ${share(answered, all)} answered`}
      height={height}
      buckets={buckets.length}
      x={centre}
      tip={(index) => {
        const bucket = buckets[index];
        if (!bucket) return null;
        return <BucketTip bucket={bucket} step={step} last={index === buckets.length - 1} />;
      }}
    >
      {(width, active) => {
        const room = pitch(width);
        const bar = Math.max(1, Math.min(28, room - Math.max(1, room * 0.12)));
        const every = Math.max(1, Math.ceil(46 / room));
        return (
          <>
            <Hatch id={hatch} />
            <YAxis ticks={ticks} y={y} left={left} right={width} format={short} />
            {runs(buckets, (bucket) => bucket.closed === true && sum(bucket) === 0).map(([from, to]) => (
              <g key={from}>
                <rect
                  x={left + room * from}
                  y={y(most * 0.7)}
                  width={room * (to - from)}
                  height={base - y(most * 0.7)}
                  fill={`url(#${hatch})`}
                />
                {room * (to - from) > 110 && (
                  <text
                    x={left + (room * (from + to)) / 2}
                    y={(y(most * 0.7) + base) / 2 + 4}
                    textAnchor="middle"
                    className="axis"
                  >
                    calling windows closed
                  </text>
                )}
              </g>
            ))}
            {buckets.map((bucket, index) => {
              const segments = stack(
                outcomes.map((outcome) => ({ key: outcome, value: bucket.counts[outcome] ?? 0 })),
                (base - top) / most,
                base,
              );
              return (
                <g key={bucket.at} opacity={active === null || active === index ? 1 : 0.45}>
                  {segments.map((segment) => (
                    <rect
                      key={segment.key}
                      x={centre(index, width) - bar / 2}
                      y={segment.y}
                      width={bar}
                      height={segment.height}
                      fill={outcomeSigns[segment.key as Outcome].color}
                      rx={bar > 6 ? 1 : 0}
                    />
                  ))}
                </g>
              );
            })}
            {buckets.map((bucket, index) => {
              const tick = tickOf(buckets, index, step, every);
              return (
                tick && (
                  <text
                    key={bucket.at}
                    x={centre(index, width)}
                    y={height - 4}
                    textAnchor="middle"
                    className={cn("axis", tick.strong && "axis-strong")}
                  >
                    {tick.text}
                  </text>
                )
              );
            })}
            {empty && (
              <text x={(left + width) / 2} y={(top + base) / 2} textAnchor="middle" className="axis">
                {empty}
              </text>
            )}
          </>
        );
      }}
    </Plot>
  );
}

/** A label at every third bucket or so; the first of a day names the day instead. */
function tickOf(buckets: OutcomeBucket[], index: number, step: "hour" | "day" | "minute", every: number) {
  const bucket = buckets[index];
  if (!bucket) return null;
  if (step === "day") return index % every === 0 ? { text: day(bucket.at), strong: false } : null;
  if (step === "minute") return index % every === 0 ? { text: clockTime(bucket.at), strong: false } : null;
  const hour = Number(clockTime(bucket.at).slice(0, 2));
  const wide = Math.max(3, Math.ceil(every / 3) * 3);
  if (hour % wide !== 0) return null;
  return hour === 0
    ? { text: day(bucket.at), strong: true }
    : { text: String(hour).padStart(2, "0"), strong: false };
}

function BucketTip({
  bucket,
  step,
  last,
}: {
  bucket: OutcomeBucket;
  step: "hour" | "day" | "minute";
  last: boolean;
}) {
  return (
    <>
      <p className="mb-1 font-medium">
        {bucketName(bucket.at, step)}
        {last && <span className="font-normal text-ink-3"> so far</span>}
      </p>
      <dl className="tnum grid grid-cols-[auto_1fr_auto] items-center gap-x-2">
        {outcomes.map(
          (outcome) =>
            (bucket.counts[outcome] ?? 0) > 0 && (
              <div key={outcome} className="contents">
                <OutcomeGlyph outcome={outcome} />
                <dt className="text-ink-2">{outcomeSigns[outcome].word}</dt>
                <dd className="text-right">{count(bucket.counts[outcome] ?? 0)}</dd>
              </div>
            ),
        )}
        <div className="contents">
          <span />
          <dt className="text-ink-2">All</dt>
          <dd className="text-right font-medium">{count(sum(bucket))}</dd>
        </div>
      </dl>
    </>
  );
}

/** Glyph, word, count, share; every row a link to the calls it counts. */
export function OutcomeLegend({
  totals,
  link,
  wide = false,
}: {
  totals: Record<Outcome, number>;
  link?: (outcome: Outcome) => Place;
  /** In columns, under a bar, instead of beside a chart. */
  wide?: boolean;
}) {
  const all = outcomes.reduce((n, outcome) => n + totals[outcome], 0);
  const shown = outcomes.filter(
    (outcome) => totals[outcome] > 0 || !["canceled", "unclear"].includes(outcome),
  );
  return (
    <ul
      className={cn("tnum shrink-0 text-xs", wide ? "grid gap-x-8 sm:grid-cols-2" : "w-full sm:w-[164px]")}
      aria-label="By outcome"
    >
      {shown.map((outcome) => {
        const row = (
          <>
            <span className="grid w-3 place-items-center">
              <OutcomeGlyph outcome={outcome} />
            </span>
            <span className="grow text-ink-2">{outcomeSigns[outcome].word}</span>
            <span>{count(totals[outcome])}</span>
            <span className="w-8 text-right text-ink-3">{share(totals[outcome], all)}</span>
          </>
        );
        const look = "flex h-6 items-center gap-2 rounded-xs";
        return (
          <li key={outcome}>
            {link ? (
              <Go place={link(outcome)} className={cn(look, "hover:bg-hover")}>
                {row}
              </Go>
            ) : (
              <span className={look}>{row}</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
