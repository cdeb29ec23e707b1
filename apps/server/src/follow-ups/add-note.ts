import type { Note } from "@parley/core/follow-ups/schema";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, record, row, sql, touch } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";

/** What somebody wrote about a contact; it stands in the timeline, and its text in one place only. */
export function addNote(ctx: Ctx, { contactId, body }: { contactId: string; body: string }): Promise<Note> {
  return ctx.db.tx(async (tx) => {
    const contact = await maybeRow(
      tx,
      sql`select 1 as one from contacts where user_id = ${param(ctx.user.id)} and id = ${param(contactId)} and erased_at is null`,
    );
    if (!contact) throw notFound("contact");
    const note = await row<Omit<Note, "author">>(
      tx,
      sql`
      insert into notes (user_id, contact_id, body, created_by)
      values (${param(ctx.user.id)}, ${param(contactId)}, ${param(body)}, ${param(ctx.person?.id ?? null)})
      returning id, contact_id as "contactId", body, created_at as "createdAt"`,
    );
    await record(tx, { userId: ctx.user.id, contactId, kind: "note.added", actor: ctx.actor, ref: note.id });
    await audit(ctx, tx, { action: "note.added", entity: "contact", entityId: contactId });
    await touch(tx, "contacts", contactId);
    return { ...note, author: ctx.person?.name ?? null };
  });
}
