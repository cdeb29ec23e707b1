import { topics, type LiveChange, type Topic } from "@parley/core/live/schema";

export type ChangeRow = { id: number; topic: string; ref: string; at: string };

/** What screens are told under another name than the tables have. */
const renamed: Record<string, Topic> = { incidents: "ops" };
const known: readonly string[] = topics;

/** A row of the outbox as screens hear it; null for a topic that no screen knows. */
export function changeOf({ id, topic: written, ref, at }: ChangeRow): LiveChange | null {
  const topic = renamed[written] ?? written;
  if (!known.includes(topic)) return null;
  return { id: placeAt(Date.parse(at), id), topic: topic as Topic, ref };
}

export const begun = (atMs: number): LiveChange => ({ id: placeAt(atMs), topic: "begun", ref: "" });
export const resync = (atMs: number): LiveChange => ({ id: placeAt(atMs), topic: "resync", ref: "" });

/** A place to resume from: the database's wall clock in milliseconds, and the row. */
const placeAt = (atMs: number, id = 0): string => `${atMs}.${id}`;

/** The time of a place that a client sends back; null when it is none of ours. */
export function timeOf(place: string): number | null {
  const [, ms] = /^(\d{1,15})\.\d{1,18}$/.exec(place) ?? [];
  return ms === undefined ? null : Number(ms);
}
