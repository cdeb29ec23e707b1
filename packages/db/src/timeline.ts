import type { Queryable } from "./tx.ts";

export type TimelineEntry = {
  userId: string;
  contactId: string;
  /** A fact in the past tense: `call.ended`, `contact.imported`. */
  kind: string;
  /** Who did it: a person's id, or the name of the part that acted (`system`, `provider`). */
  actor: string;
  /** The id of what it happened to. */
  ref?: string | null;
  data?: Record<string, unknown>;
};

/** Writes one fact into the history that the contact page, export and erase read. There is no other way in. */
export async function record(
  tx: Queryable,
  { userId, contactId, kind, actor, ref, data }: TimelineEntry,
): Promise<void> {
  await tx.query(
    `insert into timeline_entries (user_id, contact_id, kind, actor, ref, summary)
     values ($1, $2, $3, $4, $5, $6)`,
    [userId, contactId, kind, actor, ref ?? null, JSON.stringify(data ?? {})],
  );
}
