import type { Suppressed, suppressionChannels, suppressionReasons } from "@parley/core/contacts/schema";
import type { SuppressionEntry } from "@parley/core/contacts/suppression-row";
import { conflict, notFound } from "@parley/core/errors";
import { maybeRow, param, record, row, rows, sql, touch, type Tx } from "@parley/db";
import type * as z from "zod";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";

type Why = {
  channel: (typeof suppressionChannels)[number];
  reason: (typeof suppressionReasons)[number];
  note?: string | undefined;
};
export type Stopped = { added: boolean; skipped: number; stopping: number; in_air: number };
/** The same of a list; `added` are the numbers that were not suppressed before. */
export type StoppedMany = Omit<Stopped, "added"> & { added: string[] };

/** Nobody is dialled under this number once this has returned; `inAir` tells who could no longer be stopped. */
export function suppressContact(
  ctx: Ctx,
  { contactId, ...why }: Why & { contactId: string },
): Promise<z.infer<typeof Suppressed>> {
  return ctx.db.tx(async (tx) => {
    const phoneNumber = await numberOf(tx, contactId);
    const stopped = await suppressNumber(ctx, tx, phoneNumber, why);
    if (stopped.added) await tell(ctx, tx, [contactId], "contact.suppressed", why);
    return { suppressed: true, stopped: stopped.skipped + stopped.stopping, inAir: stopped.in_air };
  });
}

/** Takes back every suppression of the contact's number. What it had skipped stays skipped: put it on a list again. */
export function unsuppressContact(
  ctx: Ctx,
  { contactId }: { contactId: string },
): Promise<z.infer<typeof Suppressed>> {
  return ctx.db.tx(async (tx) => {
    const phoneNumber = await numberOf(tx, contactId);
    await tx.query("select app.lock_phone($1, $2)", [ctx.user.id, phoneNumber]);
    const lifted = await rows<{ channel: string; reason: string }>(
      tx,
      sql`
      delete from suppressions
      where user_id = ${param(ctx.user.id)} and phone_number = ${param(phoneNumber)}
      returning channel, reason`,
    );
    if (lifted.length > 0) await tell(ctx, tx, [contactId], "contact.unsuppressed", { lifted });
    return { suppressed: false, stopped: 0, inAir: 0 };
  });
}

export async function suppressNumber(ctx: Ctx, tx: Tx, phoneNumber: string, why: Why): Promise<Stopped> {
  const stopped = await row<Stopped>(
    tx,
    sql`
    select * from app.suppress(${param(ctx.user.id)}, ${param(phoneNumber)}, ${param(why.channel)}, ${param(why.reason)},
      ${param(ctx.actor === "system" ? "system" : "person")}, null, ${param(why.note ?? null)}, ${param(ctx.person?.id ?? null)})`,
  );
  if (stopped.skipped + stopped.stopping > 0) {
    await touch(tx, "calls");
    await touch(tx, "campaigns");
  }
  return stopped;
}

/** A list at once, in the transaction of the caller. */
export async function suppressMany(
  ctx: Ctx,
  tx: Tx,
  entries: readonly SuppressionEntry[],
  source: "person" | "import" | "system",
): Promise<StoppedMany> {
  const done = await row<StoppedMany>(
    tx,
    sql`
    select * from app.suppress_many(${param(ctx.user.id)}, ${param(JSON.stringify(entries))}::jsonb, ${param(source)}, null,
      ${param(ctx.person?.id ?? null)})`,
  );
  if (done.skipped + done.stopping > 0) {
    await touch(tx, "calls");
    await touch(tx, "campaigns");
  }
  return done;
}

async function numberOf(tx: Tx, contactId: string): Promise<string> {
  const contact = await maybeRow<{ phone_number: string | null }>(
    tx,
    sql`
    select phone_number from contacts
    where user_id = ${param(tx.userId)} and id = ${param(contactId)} and erased_at is null`,
  );
  if (!contact) throw notFound("contact");
  if (!contact.phone_number)
    throw conflict("This contact has no phone number, so there is none to suppress. Add a number first.");
  return contact.phone_number;
}

/** Writes on the timelines, the audit log and the screens that a block was set or lifted. */
export async function tell(
  ctx: Ctx,
  tx: Tx,
  contactIds: readonly string[],
  kind: "contact.suppressed" | "contact.unsuppressed",
  data: Record<string, unknown>,
): Promise<void> {
  for (const contactId of contactIds) {
    await record(tx, { userId: ctx.user.id, contactId, kind, actor: ctx.actor, data });
    await audit(ctx, tx, { action: kind, entity: "contact", entityId: contactId });
    await touch(tx, "contacts", contactId);
  }
}
