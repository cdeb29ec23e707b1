import { useId } from "react";
import type { ReactNode } from "react";
import { ChartSection, ChartTable, Hatch, Plot } from "./chart.tsx";
import { runs, seqStep } from "./scale.ts";

export interface HeatRow {
  name: string;
  note: string;
  /** One entry per column: `closed`, `open` but without figures, or a value to be coloured. */
  cells: ("closed" | "open" | number)[];
  right: string;
  rightNote: string;
  warn?: boolean;
}

/**
 * Rows against a stretch of time: hatched where nothing may happen, outlined where it may but was not tried, filled
 * by value. One line says where now is.
 */
export function HeatMap({
  title,
  finding,
  rows,
  columns,
  nowAt,
  low,
  high,
  format,
  legend,
}: {
  title: string;
  finding: string;
  rows: HeatRow[];
  /** Axis text per column; empty for none. */
  columns: string[];
  /** Where now stands, in columns. */
  nowAt: number;
  low: number;
  high: number;
  format: (value: number) => string;
  legend?: ReactNode;
}) {
  const hatch = useId();
  const rowHeight = 36;
  const nameWidth = 84;
  const rightWidth = 104;
  const height = rows.length * rowHeight + 22;
  const pitch = (width: number) => (width - nameWidth - rightWidth - 8) / Math.max(1, columns.length);
  return (
    <ChartSection
      title={title}
      note={legend}
      table={
        <ChartTable
          head={["Zone", ...columns.map((column, index) => column || `+${index}`), ""]}
          rows={rows.map((row) => [
            row.name,
            ...row.cells.map((cell) => (typeof cell === "number" ? format(cell) : cell)),
            row.right,
          ])}
        />
      }
      chart={
        <div
          className="overflow-x-auto px-4 lg:px-5"
          tabIndex={0}
          role="region"
          aria-label={`${title}, scrolls sideways`}
          data-inset-focus
        >
          <Plot
            className="min-w-[460px]"
            finding={finding}
            height={height}
            buckets={columns.length}
            x={(index, width) => nameWidth + pitch(width) * (index + 0.5)}
          >
            {(width) => {
              const room = pitch(width);
              const now = nameWidth + room * nowAt;
              return (
                <>
                  <Hatch id={hatch} />
                  {rows.map((row, line) => {
                    const y = line * rowHeight;
                    return (
                      <g key={row.name}>
                        <text
                          x="0"
                          y={y + 14}
                          className="axis axis-strong"
                          style={{ fontSize: 12, fill: "var(--ink)" }}
                        >
                          {row.name}
                        </text>
                        <text x="0" y={y + 27} className="axis">
                          {row.note}
                        </text>
                        {row.cells.map((cell, index) => {
                          const x = nameWidth + room * index;
                          const box = {
                            x: x + 0.5,
                            y: y + 3,
                            width: Math.max(1, room - 1),
                            height: 28,
                            rx: 1,
                          };
                          if (cell === "closed")
                            return (
                              <rect key={index} {...box} x={x} width={room} rx={0} fill={`url(#${hatch})`} />
                            );
                          if (cell === "open") return null;
                          return (
                            <rect key={index} {...box} fill={`var(--seq-${seqStep(cell, low, high)})`} />
                          );
                        })}
                        {runs(row.cells, (cell) => cell === "open").map(([from, to]) => (
                          <rect
                            key={`open-${from}`}
                            x={nameWidth + room * from + 0.5}
                            y={y + 3.5}
                            width={Math.max(2, room * (to - from) - 1)}
                            height={27}
                            rx={1}
                            fill="var(--raised)"
                            stroke="var(--line-3)"
                          />
                        ))}
                        <text
                          x={width - rightWidth}
                          y={y + 14}
                          className="axis axis-strong"
                          style={{ fontSize: 12, fill: row.warn ? "var(--warn-ink)" : "var(--ink)" }}
                        >
                          {row.right}
                        </text>
                        <text x={width - rightWidth} y={y + 27} className="axis">
                          {row.rightNote}
                        </text>
                      </g>
                    );
                  })}
                  <line
                    x1={now}
                    x2={now}
                    y1={0}
                    y2={rows.length * rowHeight}
                    stroke="var(--ink)"
                    strokeWidth="1.2"
                  />
                  {columns.map(
                    (column, index) =>
                      column !== "" && (
                        <text
                          key={index}
                          x={nameWidth + room * index}
                          y={height - 4}
                          textAnchor="middle"
                          className="axis"
                        >
                          {column}
                        </text>
                      ),
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
