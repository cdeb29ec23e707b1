import type { OpsView, Result } from "@parley/core/ops/schema";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { plural } from "@/ui/format.ts";
import type { MenuEntry } from "@/ui/popover.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { ResultTable } from "./result-table.tsx";
import { viewWords } from "./views.ts";

/** One view, asked again every five seconds: these figures have no push, they are the database's own. */
export function ViewTable({
  view,
  limit = 200,
  only = (result) => result,
  actions,
}: {
  view: OpsView;
  limit?: number;
  /** A part of the rows. */
  only?: (result: Result) => Result;
  actions?: (row: Record<string, unknown>) => MenuEntry[];
}) {
  const query = trpc.ops.query.useQuery({ view, limit }, { refetchInterval: 5000 });
  const words = viewWords[view];
  if (query.isPending) return <SkeletonRows rows={6} />;
  if (query.error)
    return (
      <EmptyState
        small
        title="The view could not be read"
        action={<Button onClick={() => void query.refetch()}>Try again</Button>}
      >
        <p>{refusal(query.error).message}</p>
      </EmptyState>
    );
  const shown = only(query.data);
  return (
    <>
      <p className="flex min-h-9 items-center gap-2 px-4 text-ink-2 lg:px-5">
        {words.asks}
        <span className="ml-auto text-xs text-ink-3">
          {plural(shown.rows.length, "row")}
          {query.data.truncated && `, of the first ${limit}`}
        </span>
      </p>
      {shown.rows.length === 0 ? (
        <p className="border-t border-line px-4 py-3 text-ink-2 lg:px-5">{words.quiet}</p>
      ) : (
        <ResultTable label={words.name} result={shown} {...(actions ? { actions } : {})} />
      )}
    </>
  );
}
