import { fraction } from "./random.ts";

/** What can be made to go wrong, each at a rate from 0 (never) to 1 (always). */
export const faultNames = {
  drop_webhook: "the event is never sent",
  duplicate_webhook: "the event is sent twice",
  reorder_webhook: "the event is held back until the next one of its call has been sent",
  late_webhook: "the event is sent half a minute to five minutes late (sandbox time)",
  early_webhook: "POST /call waits with its answer until `initiated` has been sent",
  error_after_placing: "POST /call places the call and answers 500",
  truncated_json: "POST /call places the call and answers half a body",
  answer_without_id: "POST /call places the call and answers 200 without its id",
  slow_answer: "POST /call places the call and answers after 20 s of wall time",
  reset_after: "POST /call places the call, then the connection is reset",
  reset_before: "POST /call resets the connection and places nothing",
  rate_limit: "POST /call answers 429 with Retry-After: 2 and places nothing",
  read_error: "GET /executions/… and the executions list answer 500",
  odd_figures: "the final length of a conversation is a text, negative, absent or an hour too long",
  lost_user_data: "the execution never shows the data that was sent along with its call",
  odd_text: "the transcript holds U+0000 and half a surrogate pair",
  forged_webhook:
    "another agent's address is told, too, that the call is over, after 16 minutes of conversation",
  revised_transcript: "the final transcript says more than the one at call-disconnected",
  balance_low: "the execution ends balance-low",
  openai_refusal: "the model refuses",
  openai_incomplete: "the answer is cut off at the token limit",
  openai_invalid_json: "the answer is not JSON",
  openai_schema_mismatch: "the answer is JSON of another shape",
  openai_failed: "the run ends failed with server_error",
  openai_429: "429 rate_limit_exceeded with retry-after: 1",
  openai_quota: "429 insufficient_quota",
  openai_500: "500 server_error",
  openai_503: "503 server_is_overloaded",
  openai_reset: "the connection is reset after the generation",
  openai_slow: "the answer takes 20 s of wall time",
} as const;

export type FaultName = keyof typeof faultNames;
export type FaultRates = Partial<Record<FaultName, number>>;

export const isFault = (name: string): name is FaultName => Object.hasOwn(faultNames, name);

/** The dials of misbehaviour. The same seed, rate and occasion always give the same verdict. */
export class Faults {
  rates: FaultRates = {};
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
  }

  strikes(fault: FaultName, ...occasion: readonly (string | number)[]): boolean {
    const rate = this.rates[fault] ?? 0;
    return rate > 0 && fraction(this.#seed, fault, ...occasion) < rate;
  }
}
