/**
 * Capabilities as data: which states allow an act, and what to say when they do not. The same value guards the verb
 * on the server and disables the button, with its reason, on the web.
 */
export type Can<Status extends string> = {
  (status: Status): { ok: true } | { ok: false; reason: string };
  /** The states that allow it. */
  readonly from: readonly Status[];
};

/** `reason(status)` is a whole sentence with the next step. */
export function can<Status extends string>(
  from: readonly Status[],
  reason: (status: Status) => string,
): Can<Status> {
  const ask = (status: Status) =>
    from.includes(status) ? { ok: true as const } : { ok: false as const, reason: reason(status) };
  return Object.assign(ask, { from });
}
