/** Classes of SQLSTATE: connection, transaction state, conflict, resources, locks, intervention by an operator, system. */
const PASSING = ["08", "25", "40", "53", "55", "57", "58"];
/** Cancelled for its length: it may be as long the next time. */
const TOO_LONG = "57014";
const UNREACHABLE = [
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
];

/**
 * Whether an error says something about the moment rather than about the rows: the database is away, starting, full or
 * busy; a lock, a conflict. As `app.is_transient`, but for a statement that took too long.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  if (code === null)
    return /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message);
  if (UNREACHABLE.includes(code)) return true;
  return code.length === 5 && code !== TOO_LONG && PASSING.includes(code.slice(0, 2));
}
