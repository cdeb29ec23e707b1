/**
 * Steps of a lead. Parley moves contacts between its own steps only, and only upwards; a step that the workspace made
 * belongs to people.
 */
export type Stage = { key: string; name: string; rank: number; isSystem: boolean };

export const systemStages = [
  { key: "new", name: "New", rank: 0, isSystem: true },
  { key: "attempted", name: "Attempted", rank: 10, isSystem: true },
  { key: "contacted", name: "Contacted", rank: 20, isSystem: true },
  { key: "not_interested", name: "Not interested", rank: 30, isSystem: true },
  { key: "interested", name: "Interested", rank: 40, isSystem: true },
  { key: "booked", name: "Booked", rank: 50, isSystem: true },
] as const satisfies readonly Stage[];
export type SystemStage = (typeof systemStages)[number]["key"];

/** May Parley itself move a contact from `current` (null: none yet) to a system stage? */
export function mayAdvance(
  current: Pick<Stage, "key" | "rank" | "isSystem"> | null,
  to: SystemStage,
): boolean {
  if (current === null) return true;
  const target = systemStages.find(({ key }) => key === to);
  return current.isSystem && target !== undefined && target.rank > current.rank;
}
