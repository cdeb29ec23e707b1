import type { OpsView } from "@parley/core/ops/schema";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { DiallingSwitch } from "@/shell/dialling-switch.tsx";
import { useMe } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { plural } from "@/ui/format.ts";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { TabPanel, Tabs } from "@/ui/tabs.tsx";
import { DoctorPanel } from "./doctor-panel.tsx";
import { ResultTable } from "./result-table.tsx";
import { SqlBox } from "./sql-box.tsx";
import { viewNames, viewWords } from "./views.ts";

const isView = (name: string | undefined): name is OpsView => viewNames.some((view) => view === name);

/** What every call, line, job and credit of the installation is doing: the same views that `parley sql` reads. */
export function OperationsPage() {
  const search = useSearch({ from: "/shell/operations" });
  const navigate = useNavigate({ from: "/operations" });
  const me = useMe();
  const view: OpsView | "sql" =
    search.view === "sql" ? "sql" : isView(search.view) ? search.view : "slots_now";
  const crumbs = [{ label: "Operations" }];

  if (!me.person.isPlatformAdmin)
    return (
      <Page crumbs={crumbs} title="Operations">
        <EmptyState title="For the operator of this installation">
          <p>
            This page shows every workspace. Whoever runs the installation can let you in with{" "}
            <code className="mono">parley admin grant {me.person.email}</code>. What concerns your own calls
            stands on Home and on each campaign.
          </p>
        </EmptyState>
      </Page>
    );

  return (
    <Page
      crumbs={crumbs}
      title="Operations"
      context="All workspaces of this installation"
      actions={<Dialling />}
      actionsBeside
    >
      <Tabs
        label="Views"
        value={view}
        onValue={(next) =>
          void navigate({
            search: next === "sql" ? { view: "sql", sql: search.sql } : { view: next },
            replace: true,
          })
        }
        tabs={[
          ...viewNames.map((name) => ({ value: name as OpsView | "sql", label: viewWords[name].name })),
          { value: "sql" as const, label: "SQL" },
        ]}
      >
        <TabPanel value={view}>
          {view === "sql" ? (
            <SqlBox
              text={search.sql}
              onRun={(sql) => void navigate({ search: { view: "sql", sql }, replace: true })}
            />
          ) : (
            <ViewTable view={view} />
          )}
        </TabPanel>
      </Tabs>
      <div className="border-t border-line">
        <DoctorPanel />
      </div>
    </Page>
  );
}

const Dialling = () => {
  const [summary] = trpc.home.summary.useSuspenseQuery({});
  return <DiallingSwitch dialling={summary.dialling} inAir={summary.lines.used} />;
};

/** One view, asked again every five seconds: these figures have no push, they are the database's own. */
function ViewTable({ view }: { view: OpsView }) {
  const query = trpc.ops.query.useQuery({ view, limit: 200 }, { refetchInterval: 5000 });
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
  return (
    <>
      <p className="flex min-h-9 items-center gap-2 px-4 text-ink-2 lg:px-5">
        {words.asks}
        <span className="ml-auto text-xs text-ink-3">
          {plural(query.data.rows.length, "row")}
          {query.data.truncated && ", the first 200"}
        </span>
      </p>
      {query.data.rows.length === 0 ? (
        <p className="border-t border-line px-4 py-3 text-ink-2 lg:px-5">{words.quiet}</p>
      ) : (
        <ResultTable label={words.name} result={query.data} />
      )}
    </>
  );
}
