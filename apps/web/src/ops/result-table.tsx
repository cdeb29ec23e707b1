import type { Result } from "@parley/core/ops/schema";
import { Link } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { paths } from "@/paths.ts";
import { IconButton } from "@/ui/button.tsx";
import { Menu, type MenuEntry } from "@/ui/popover.tsx";
import { Time } from "@/ui/time.tsx";
import { None } from "@/ui/section.tsx";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** Columns whose ids have a page of their own. */
const doors: Record<string, (id: string) => object> = {
  call_id: (id) => paths.call(id),
  campaign_id: (id) => paths.campaign(id),
  contact_id: (id) => paths.contact(id),
};

const Cell = ({ column, value }: { column: string; value: unknown }) => {
  if (value === null || value === undefined) return <None />;
  if (typeof value === "string" && INSTANT.test(value)) return <Time at={value} />;
  const door = doors[column];
  if (door && typeof value === "string")
    return (
      <Link {...(door(value) as { to: "/" })} className="quiet-link mono">
        {value.slice(-8)}
      </Link>
    );
  if (typeof value === "object") return <span className="mono">{JSON.stringify(value)}</span>;
  return <>{String(value)}</>;
};

const isNumeric = (rows: unknown[][], at: number) =>
  rows.some((row) => typeof row[at] === "number") &&
  rows.every((row) => row[at] === null || typeof row[at] === "number");

const named = (columns: string[], row: unknown[]) =>
  Object.fromEntries(columns.map((column, at) => [column, row[at]]));

const Acts = ({ entries }: { entries: MenuEntry[] }) => (
  <td className="sticky right-0 bg-surface pr-2 text-right">
    {entries.length > 0 && (
      <Menu trigger={<IconButton inRow icon={Ellipsis} label="What can be done" />} entries={entries} />
    )}
  </td>
);

/** A result as the database gave it: columns in their order, numbers right, instants in the reader's zone. */
export function ResultTable({
  label,
  result,
  actions,
}: {
  label: string;
  result: Result;
  /** What can be done about a row, which is handed over by column name. */
  actions?: (row: Record<string, unknown>) => MenuEntry[];
}) {
  const right = result.columns.map((_, at) => isNumeric(result.rows, at));
  return (
    <div className="relative overflow-x-auto" role="region" aria-label={label} tabIndex={0}>
      <table className="w-full border-collapse text-left">
        <thead className="bg-sunken text-xs text-ink-3">
          <tr className="h-7">
            {result.columns.map((column, at) => (
              <th
                key={`${at}-${column}`}
                scope="col"
                className={`whitespace-nowrap px-2.5 font-medium first:pl-4 lg:first:pl-5 ${right[at] ? "text-right" : ""}`}
              >
                {column}
              </th>
            ))}
            {actions && (
              <th className="w-10">
                <span className="sr-only">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {result.rows.map((row, index) => (
            // A result has no key of its own; rows are replaced as a whole.
            <tr key={index} className="h-[var(--row)] border-t border-line hover:bg-hover">
              {row.map((value, at) => (
                <td
                  key={at}
                  className={`max-w-[420px] truncate whitespace-nowrap px-2.5 first:pl-4 lg:first:pl-5 ${right[at] ? "tnum text-right" : ""}`}
                >
                  <Cell column={result.columns[at] ?? ""} value={value} />
                </td>
              ))}
              {actions && <Acts entries={actions(named(result.columns, row))} />}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
