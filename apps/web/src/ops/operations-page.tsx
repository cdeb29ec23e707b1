import type { OpsView } from "@parley/core/ops/schema";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { DiallingSwitch } from "@/shell/dialling-switch.tsx";
import { useMe } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { RefoldDrawer } from "@/shell/refold-drawer.tsx";
import { trpc } from "@/trpc.ts";
import { EmptyState } from "@/ui/empty-state.tsx";
import type { MenuEntry } from "@/ui/popover.tsx";
import { TabPanel, Tabs } from "@/ui/tabs.tsx";
import { DoctorPanel } from "./doctor-panel.tsx";
import { ExplainPanel } from "./explain-panel.tsx";
import { IncidentsPanel } from "./incidents-panel.tsx";
import { JournalPanel } from "./journal-panel.tsx";
import { SqlBox } from "./sql-box.tsx";
import { ViewTable } from "./view-table.tsx";
import { viewNames, viewWords } from "./views.ts";

type Tab = OpsView | "explain" | "sql";

const isView = (name: string | undefined): name is OpsView => viewNames.some((view) => view === name);

/** What every call, line, job and credit of the installation is doing: the same views that `parley sql` reads. */
export function OperationsPage() {
  const search = useSearch({ from: "/shell/operations" });
  const navigate = useNavigate({ from: "/operations" });
  const me = useMe();
  const [refolded, setRefolded] = useState<string | null>(null);
  const view: Tab =
    search.view === "sql" || search.view === "explain"
      ? search.view
      : isView(search.view)
        ? search.view
        : "slots_now";
  const explain = (id: string) =>
    void navigate({ search: { view: "explain", id }, replace: search.view === "explain" });
  /** What can be done about a row that names a call, an item or a campaign. */
  const actions = (row: Record<string, unknown>): MenuEntry[] => {
    const of = (kind: string) => (row["kind"] === kind ? row["id"] : undefined);
    const callId = row["call_id"] ?? of("call") ?? (view === "unknown_calls" ? row["id"] : undefined);
    const asked = row["item_id"] ?? of("item") ?? row["campaign_id"];
    return [
      ...(callId ? [{ label: "Fold the call again…", onSelect: () => setRefolded(String(callId)) }] : []),
      ...(asked ? [{ label: "Explain", onSelect: () => explain(String(asked)) }] : []),
    ];
  };
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
            search: { view: next, ...(next === "sql" ? { sql: search.sql } : {}) },
            replace: true,
          })
        }
        tabs={[
          ...viewNames.map((name) => ({ value: name as Tab, label: viewWords[name].name })),
          { value: "explain" as const, label: "Explain" },
          { value: "sql" as const, label: "SQL" },
        ]}
      >
        <TabPanel value={view}>
          {view === "sql" ? (
            <SqlBox
              text={search.sql}
              onRun={(sql) => void navigate({ search: { view: "sql", sql }, replace: true })}
            />
          ) : view === "explain" ? (
            <ExplainPanel key={search.id} id={search.id} onId={explain} />
          ) : view === "incidents_open" ? (
            <IncidentsPanel />
          ) : view === "webhook_lag" ? (
            <JournalPanel />
          ) : (
            <>
              <ViewTable view={view} actions={actions} />
              {view === "slots_now" && (
                <div className="border-t border-line">
                  <ViewTable view="lines_held" actions={actions} />
                </div>
              )}
            </>
          )}
        </TabPanel>
      </Tabs>
      <div className="border-t border-line">
        <DoctorPanel />
      </div>
      <RefoldDrawer callId={refolded} onClose={() => setRefolded(null)} />
    </Page>
  );
}

const Dialling = () => {
  const [summary] = trpc.home.summary.useSuspenseQuery({});
  return <DiallingSwitch dialling={summary.dialling} inAir={summary.lines.used} />;
};
