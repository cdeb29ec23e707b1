/**
 * How a request to the model can be made to end: by `metadata.sim`, by `safety_identifier: "sim:…"`, or lined up for
 * the next requests with POST /sandbox/openai/next. `slow:250` waits so many milliseconds first.
 */
export const endings = [
  "ok",
  "refusal",
  "incomplete",
  "content_filter",
  "failed",
  "invalid_json",
  "schema_mismatch",
  "empty",
  "400",
  "401",
  "403",
  "404",
  "429",
  "429_long",
  "429_bare",
  "quota",
  "500",
  "500_html",
  "503",
  "slow",
  "hang",
  "reset",
] as const;

export type Ending = (typeof endings)[number] | `slow:${number}`;

export const isEnding = (text: string): text is Ending =>
  (endings as readonly string[]).includes(text) || /^slow:\d{1,6}$/.test(text);
