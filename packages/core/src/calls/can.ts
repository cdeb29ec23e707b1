/** What can be done to a call, by its status. */
import { can } from "../can.ts";
import { callStatuses, isTerminal, waitingStatuses } from "./lifecycle.ts";
import type { CallStatus } from "./lifecycle.ts";

export const callCan = {
  stop: can<CallStatus>(["claimed", ...waitingStatuses], (status) => {
    if (status === "dialing") return "The request to dial is under way; its answer is not in yet.";
    if (status === "unknown") return "It is not known whether the call exists. It is being looked up.";
    if (isTerminal(status) || status === "call-disconnected") return "The call is over.";
    return "The provider cannot hang up a call that already rings. It ends at its longest length.";
  }),
  refold: can<CallStatus>(callStatuses, () => ""),
  analyse: can<CallStatus>(["call-disconnected", "completed"], (status) =>
    isTerminal(status) ? "Nobody spoke, so there is nothing to read." : "The call is not over yet.",
  ),
};
