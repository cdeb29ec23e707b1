import type { Agent } from "@parley/core/agents/schema";
import { CircleAlert, CircleCheck, GitCompareArrows, RefreshCw } from "lucide-react";
import { Badge } from "@/ui/badge.tsx";

/** How the agent stands at the voice provider. */
export const SyncSign = ({ agent }: { agent: Pick<Agent, "status" | "syncStatus"> }) => {
  if (agent.status === "archived") return <Badge>Archived</Badge>;
  switch (agent.syncStatus) {
    case "synced":
      return (
        <Badge tone="ok" icon={CircleCheck}>
          Up to date
        </Badge>
      );
    case "drifted":
      return (
        <Badge tone="warn" icon={GitCompareArrows}>
          Changed at the provider
        </Badge>
      );
    case "failed":
      return (
        <Badge tone="bad" icon={CircleAlert}>
          Not at the provider
        </Badge>
      );
    case "pending":
      return <Badge icon={RefreshCw}>Being sent</Badge>;
  }
};
