import { agentCan } from "@parley/core/agents/can";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { KeyRound, RefreshCw } from "lucide-react";
import { paths } from "@/paths.ts";
import { useRefused } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { BecauseStrip } from "@/ui/section.tsx";
import { toast } from "@/ui/toast.ts";
import { AgentForm } from "./agent-form.tsx";
import { SyncSign } from "./sync-sign.tsx";

const crumbs = (label: string) => [{ label: "Agents", link: paths.agents() }, { label }];

export function NewAgentPage() {
  const navigate = useNavigate();
  const utils = trpc.useUtils();
  const refused = useRefused("agents.create");
  const create = trpc.agents.create.useMutation();
  return (
    <Page crumbs={crumbs("New agent")} title="New agent">
      <AgentForm
        refused={refused}
        onSave={async (draft) => {
          const agent = await create.mutateAsync(draft);
          void utils.agents.invalidate();
          toast.done(
            agent.bolnaAgentId
              ? `${agent.name} is ready to call`
              : `${agent.name} is saved; it is being sent to the provider`,
          );
          await navigate(paths.agent(agent.id));
        }}
      />
    </Page>
  );
}

/** One agent: what it says, and whether the provider says the same. */
export function AgentPage() {
  const { agentId } = useParams({ from: "/shell/agents/$agentId" });
  const [agent] = trpc.agents.get.useSuspenseQuery({ agentId });
  const utils = trpc.useUtils();
  const updateRefused = useRefused("agents.update");
  const may = agentCan.update(agent.status);
  const refused = updateRefused ?? (may.ok ? null : may.reason);
  const settled = (words: string) => ({
    onSuccess: () => {
      void utils.agents.invalidate();
      toast.done(words);
    },
    onError: (error: unknown) => toast.error(refusal(error).message),
  });
  const update = trpc.agents.update.useMutation();
  const sync = trpc.agents.sync.useMutation(settled("Sent to the provider"));
  const rotate = trpc.agents.rotateKey.useMutation(
    settled("The webhook address has a new secret; the old one works for another week"),
  );

  return (
    <Page
      crumbs={crumbs(agent.name)}
      title={agent.name}
      badge={<SyncSign agent={agent} />}
      context={
        <Link {...paths.calls({ agentId })} className="quiet-link">
          version {agent.version}, its calls
        </Link>
      }
      actions={
        <>
          <Button
            icon={KeyRound}
            disabledReason={refused}
            busy={rotate.isPending}
            onClick={() => rotate.mutate({ agentId })}
          >
            New webhook secret
          </Button>
          <Button
            icon={RefreshCw}
            disabledReason={refused}
            busy={sync.isPending}
            onClick={() => sync.mutate({ agentId })}
          >
            Send again
          </Button>
        </>
      }
      strip={
        agent.syncStatus === "failed" ? (
          <BecauseStrip cause="The provider has not taken this agent.">
            {agent.syncError} It is tried again by itself.
          </BecauseStrip>
        ) : agent.syncStatus === "drifted" ? (
          <BecauseStrip cause="Somebody changed it at the provider.">
            {Object.keys(agent.drift ?? {}).join(", ")} differ. Sending again overwrites what is there.
          </BecauseStrip>
        ) : undefined
      }
    >
      <AgentForm
        key={agent.version}
        agent={agent}
        refused={refused}
        onSave={async (draft) => {
          await update.mutateAsync({ agentId, ...draft });
          void utils.agents.invalidate();
          toast.done("Saved and sent to the provider");
        }}
      />
    </Page>
  );
}
