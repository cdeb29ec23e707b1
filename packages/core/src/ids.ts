const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Is this one of our row ids (a uuid in lower case, as Postgres prints it)? Any version: tests and providers use v4. */
export function isId(text: string): boolean {
  return uuid.test(text);
}

/** The end of an id, where two uuid v7 made in the same millisecond differ: enough to tell rows apart on a screen. */
export function shortId(id: string): string {
  return id.slice(-8);
}

/** What every API key starts with, so that secret scanners and the bearer check know one. */
export const apiKeyPrefix = "pk_";
