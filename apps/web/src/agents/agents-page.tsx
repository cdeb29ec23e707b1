import type { AgentRow } from "@parley/core/agents/schema";
import { agentCan } from "@parley/core/agents/can";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Archive, Pencil, Plus, RefreshCw } from "lucide-react";
import { useState } from "react";
import { paths } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { useLiveQuery } from "@/shell/live.ts";
import { useRefused } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import type { Column } from "@/table/columns.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { DangerDialog } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { count, duration, languageName, plural, share } from "@/ui/format.ts";
import { None } from "@/ui/section.tsx";
import { TabPanel, Tabs } from "@/ui/tabs.tsx";
import { Time } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.ts";
import { SyncSign } from "./sync-sign.tsx";

const columns: Column<AgentRow>[] = [
  {
    id: "name",
    head: "Agent",
    width: "minmax(180px, 2fr)",
    fixed: true,
    cell: (agent) => (
      <Link {...paths.agent(agent.id)} className="quiet-link font-medium">
        {agent.name} <span className="font-normal text-ink-3">{languageName(agent.language)}</span>
      </Link>
    ),
  },
  { id: "sync", head: "At the provider", width: "180px", cell: (agent) => <SyncSign agent={agent} /> },
  {
    id: "calls",
    head: "Calls",
    width: "80px",
    align: "right",
    cell: (agent) => (
      <Link {...paths.calls({ agentId: agent.id })} className="quiet-link tnum">
        {count(agent.calls)}
      </Link>
    ),
  },
  {
    id: "answered",
    head: "Answered",
    width: "120px",
    align: "right",
    cell: (agent) =>
      agent.calls === 0 ? (
        <None />
      ) : (
        <Link {...paths.calls({ agentId: agent.id, outcome: "answered" })} className="quiet-link tnum">
          {count(agent.answered)} <span className="text-ink-3">{share(agent.answered, agent.calls)}</span>
        </Link>
      ),
  },
  {
    id: "talk",
    head: "Mean talk",
    width: "92px",
    align: "right",
    cell: (agent) =>
      agent.answered === 0 ? (
        <None />
      ) : (
        <span className="mono">{duration(agent.talkSeconds / agent.answered)}</span>
      ),
  },
  { id: "spent", head: "Credits", width: "88px", align: "right", cell: (agent) => count(agent.spentCredits) },
  {
    id: "campaigns",
    head: "Running",
    width: "88px",
    align: "right",
    from: "xl",
    cell: (agent) => (agent.runningCampaigns === 0 ? <None /> : count(agent.runningCampaigns)),
  },
  {
    id: "updated",
    head: "Changed",
    width: "112px",
    from: "xl",
    cell: (agent) => <Time at={agent.updatedAt} />,
  },
];

/** The voices of the workspace, and how each does. */
export function AgentsPage() {
  const { status } = useSearch({ from: "/shell/agents" });
  const shown = status ?? "active";
  const navigate = useNavigate({ from: "/agents" });
  const go = useGo();
  const live = useLiveQuery();
  const utils = trpc.useUtils();
  const createRefused = useRefused("agents.create");
  const archiveRefused = useRefused("agents.archive");
  const [archiving, setArchiving] = useState<AgentRow | null>(null);
  const query = trpc.agents.list.useInfiniteQuery(
    { status: shown, limit: 100 },
    { getNextPageParam: (page) => page.nextCursor, ...live },
  );
  const settled = {
    onSuccess: () => {
      setArchiving(null);
      void utils.agents.invalidate();
    },
    onError: (error: unknown) => toast.error(refusal(error).message),
  };
  const archive = trpc.agents.archive.useMutation(settled);
  const sync = trpc.agents.sync.useMutation(settled);
  const fresh = (
    <Button look="filled" icon={Plus} disabledReason={createRefused} onClick={() => go(paths.newAgent())}>
      New agent
    </Button>
  );

  return (
    <Page crumbs={[{ label: "Agents" }]} title="Agents" actions={fresh} actionsBeside>
      <Tabs
        label="State"
        value={shown}
        onValue={(next) =>
          void navigate({ search: next === "active" ? {} : { status: next }, replace: true })
        }
        tabs={[
          { value: "active" as const, label: "Active" },
          { value: "archived" as const, label: "Archived" },
        ]}
      >
        <TabPanel value={shown}>
          <QueryTable
            label="Agents"
            query={query}
            columns={columns}
            rowId={(agent) => agent.id}
            rowName={(agent) => agent.name}
            rowLink={(agent) => paths.agent(agent.id)}
            rowActions={(agent) => {
              const can = agentCan.archive(agent.status);
              return [
                { label: "Edit", icon: Pencil, onSelect: () => go(paths.agent(agent.id)) },
                {
                  label: "Send to the provider again",
                  icon: RefreshCw,
                  disabledReason: archiveRefused ?? (can.ok ? null : can.reason),
                  onSelect: () => sync.mutate({ agentId: agent.id }),
                },
                {
                  label: "Archive",
                  icon: Archive,
                  danger: true,
                  disabledReason:
                    archiveRefused ??
                    (can.ok
                      ? agent.runningCampaigns > 0
                        ? "A running campaign uses it. Pause or stop the campaign first."
                        : null
                      : can.reason),
                  onSelect: () => setArchiving(agent),
                },
              ];
            }}
            narrow={(agent) => (
              <Link {...paths.agent(agent.id)} className="block">
                <span className="flex items-center gap-2">
                  <span className="min-w-0 grow truncate font-medium">{agent.name}</span>
                  <SyncSign agent={agent} />
                </span>
                <span className="block text-xs text-ink-2">
                  {plural(agent.calls, "call")}, {count(agent.answered)} answered
                </span>
              </Link>
            )}
            empty={
              shown === "archived" ? (
                <EmptyState small title="Nothing is archived">
                  <p>An archived agent takes no new calls; its old ones keep pointing to it.</p>
                </EmptyState>
              ) : (
                <EmptyState title="No agent yet" action={fresh}>
                  <p>
                    An agent is a voice with a task: what it says first, what it is to find out, how long it
                    may talk. Campaigns and calls by hand are made with one. In the sandbox it can be tried at
                    once.
                  </p>
                </EmptyState>
              )
            }
          />
        </TabPanel>
      </Tabs>
      <DangerDialog
        open={archiving !== null}
        onOpenChange={(open) => !open && setArchiving(null)}
        title={`Archive ${archiving?.name ?? ""}`}
        action="Archive"
        busy={archive.isPending}
        onConfirm={() => archiving && archive.mutate({ agentId: archiving.id })}
      >
        <p>
          It takes no new calls. Its {plural(archiving?.calls ?? 0, "call")} and what they came to stay as
          they are. At the provider it is kept, so that recordings remain.
        </p>
      </DangerDialog>
    </Page>
  );
}
