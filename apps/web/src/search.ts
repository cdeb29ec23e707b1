/**
 * Readers for what stands behind the `?` of an address. A value nobody offered is dropped rather than refused:
 * an old bookmark opens the page without that filter.
 */
type Raw = Record<string, unknown>;

export const textIn = (search: Raw, name: string): string | undefined => {
  const value = search[name];
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
};

export const oneOf = <const Value extends string>(
  search: Raw,
  name: string,
  allowed: readonly Value[],
): Value | undefined => allowed.find((value) => value === search[name]);

export const flagIn = (search: Raw, name: string): boolean | undefined => {
  const value = search[name];
  return value === true || value === "true" ? true : value === false || value === "false" ? false : undefined;
};

export const numberIn = (search: Raw, name: string): number | undefined => {
  const value = Number(search[name]);
  return search[name] !== undefined && search[name] !== "" && Number.isFinite(value) ? value : undefined;
};

/** Leaves out what is not set, so that addresses stay short. */
export const only = <Search extends object>(search: Search): Partial<Search> =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as Partial<Search>;

/** A path within this site, or nothing: `next` must never lead elsewhere. */
export const localPath = (value: string | undefined): string | undefined =>
  value && /^\/(?![/\\])/.test(value) ? value : undefined;
