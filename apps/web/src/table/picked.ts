/** People chosen in the list of contacts, on their way to a new campaign. Too many for an address. */
const key = "parley.picked";

export const keepPicked = (contactIds: string[]) => sessionStorage.setItem(key, JSON.stringify(contactIds));

export function pickedContacts(): string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id): id is string => typeof id === "string") : [];
  } catch {
    return [];
  }
}
