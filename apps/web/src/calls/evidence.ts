import type { Analysis } from "@parley/core/leads/schema";
import { dimensions } from "@parley/core/leads/grade";
import { dimensionWords } from "@parley/core/leads/words";
import { turnOfEvidence } from "./turns.ts";
import type { Turn } from "./turns.ts";

/** Where a field of the extraction is called by its key, as words. */
export const fieldName = (key: string): string => {
  const words = key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** Which turns gave which level or field: turn index → tags. */
export function evidenceByTurn(
  turns: Turn[],
  analysis: Analysis | null,
  nameOf: (key: string) => string,
): Map<number, string[]> {
  const tags = new Map<number, string[]>();
  const add = (evidence: string | null | undefined, tag: string) => {
    const turn = evidence ? turnOfEvidence(turns, evidence) : -1;
    if (turn < 0) return;
    tags.set(turn, [...(tags.get(turn) ?? []), tag]);
  };
  for (const dimension of dimensions) {
    const read = analysis?.levels?.[dimension];
    if (read) add(read.reason, `${dimensionWords[dimension]} ${read.level}`);
  }
  for (const field of analysis?.extracted ?? []) add(field.evidence, nameOf(field.key));
  return tags;
}

/** Marks on the waveform, one per turn that gave evidence. */
export const pinsOf = (turns: Turn[], tags: Map<number, string[]>): { at: number; label: string }[] =>
  [...tags].map(([turn, words]) => ({ at: turns[turn]?.from ?? 0, label: words.join(", ") }));
