import { callCan } from "@parley/core/calls/can";
import type { Call } from "./call.ts";
import { unreadable } from "@parley/core/leads/transcript";
import { unreadableWords } from "@parley/core/leads/words";

/** Why a conversation cannot be read, or null when it can. */
export function analysable(call: Pick<Call, "status" | "transcript">): string | null {
  const can = callCan.analyse(call.status);
  if (!can.ok) return can.reason;
  const why = unreadable(call.transcript);
  return why ? unreadableWords[why] : null;
}
