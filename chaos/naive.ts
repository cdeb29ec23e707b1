/**
 * Run in a server process before its own main: the rule that an unclear answer is looked up and never redialled is
 * broken, as a plain retrying client breaks it: no clear yes counts as "nothing was placed". The harness must see it.
 */
import { Bolna } from "../apps/server/src/providers/bolna.ts";

// eslint-disable-next-line typescript/unbound-method -- called with its own `this` below
const { placeCall } = Bolna.prototype;
Bolna.prototype.placeCall = async function (this: Bolna, call) {
  const answer = await placeCall.call(this, call);
  return answer.kind === "ambiguous" ? { kind: "rate_limited", retryAfterMs: 0 } : answer;
};
