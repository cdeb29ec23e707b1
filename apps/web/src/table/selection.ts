/** Which rows are chosen: some by id, or all that match the filter but a few. */
export type Selection =
  | { kind: "some"; ids: ReadonlySet<string> }
  | { kind: "all"; but: ReadonlySet<string> };

export const noneSelected: Selection = { kind: "some", ids: new Set() };

export const isSelected = (selection: Selection, id: string): boolean =>
  selection.kind === "all" ? !selection.but.has(id) : selection.ids.has(id);

/** The selection with one row turned over. */
export function toggled(selection: Selection, id: string): Selection {
  const ids = new Set(selection.kind === "all" ? selection.but : selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return selection.kind === "all" ? { kind: "all", but: ids } : { kind: "some", ids };
}

/** How many are chosen; of "all that match" only known when the total is. */
export const selectedCount = (selection: Selection, total: number | null): number | null =>
  selection.kind === "some"
    ? selection.ids.size
    : total === null
      ? null
      : Math.max(0, total - selection.but.size);

/** What the box in the head shows. */
export function headState(selection: Selection, shownIds: readonly string[]): boolean | "some" {
  const chosen = shownIds.filter((id) => isSelected(selection, id)).length;
  if (chosen === 0) return false;
  return chosen === shownIds.length ? true : "some";
}
