import type { AuditEntry } from "@parley/core/accounts/schema";
import type { Column } from "@/table/columns.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { trpc } from "@/trpc.ts";
import { EmptyState } from "@/ui/empty-state.tsx";
import { None } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";

const said = (value: unknown) =>
  value === null || value === undefined
    ? "nothing"
    : typeof value === "string"
      ? value
      : JSON.stringify(value);

/** `concurrentLimit: 2 → 5` */
const Changes = ({ changes }: { changes: AuditEntry["changes"] }) => {
  const parts = Object.entries(changes);
  if (parts.length === 0) return <None />;
  const words = parts
    .map(([field, change]) =>
      Array.isArray(change)
        ? `${field}: ${said(change[0])} → ${said(change[1])}`
        : `${field}: ${said(change)}`,
    )
    .join(", ");
  return <span title={words}>{words}</span>;
};

const columns: Column<AuditEntry>[] = [
  { id: "at", head: "When", width: "130px", fixed: true, cell: (entry) => <Time at={entry.at} /> },
  { id: "actor", head: "Who", width: "minmax(120px, 1fr)", cell: (entry) => entry.actor },
  {
    id: "action",
    head: "What",
    width: "minmax(140px, 1fr)",
    cell: (entry) => <span className="mono">{entry.action}</span>,
  },
  {
    id: "changes",
    head: "From → to",
    width: "minmax(200px, 3fr)",
    cell: (entry) => <Changes changes={entry.changes} />,
  },
];

/** Who changed what; append-only. */
export function AuditSection() {
  const query = trpc.audit.list.useInfiniteQuery(
    { limit: 100 },
    { getNextPageParam: (page) => page.nextCursor },
  );
  return (
    <QueryTable
      label="Audit log"
      query={query}
      columns={columns}
      rowId={(entry) => String(entry.id)}
      rowName={(entry) => `${entry.action} by ${entry.actor}`}
      narrow={(entry) => (
        <span className="block">
          <span className="mono block">{entry.action}</span>
          <span className="flex gap-2 text-xs text-ink-2">
            <span className="grow truncate">{entry.actor}</span>
            <Time at={entry.at} />
          </span>
        </span>
      )}
      empty={
        <EmptyState title="Nothing has been changed yet">
          <p>
            Every change of agents, campaigns, members, keys and limits is written here, with who made it.
          </p>
        </EmptyState>
      }
    />
  );
}
