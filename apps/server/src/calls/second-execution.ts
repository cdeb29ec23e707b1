import type { Queryable } from "@parley/db";
import { raiseIncident } from "./incident.ts";

/** The provider has two executions of one attempt: somebody may have been rung twice, and we follow only the first. */
export function secondExecution(on: Queryable, its: { callId: string; userId: string }): Promise<void> {
  return raiseIncident(on, {
    kind: "second_execution",
    ref: its.callId,
    severity: "bad",
    message: "The provider shows another execution of a call than the one that Parley follows.",
    cure: "Open both executions at the provider; stop the one that Parley does not follow.",
    userId: its.userId,
  });
}
