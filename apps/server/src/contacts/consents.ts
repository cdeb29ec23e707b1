import type { Consent, ContactDetail, consentsProcedures } from "@parley/core/contacts/schema";
import { Id } from "@parley/core/fields";
import { conflict, invalid, notFound } from "@parley/core/errors";
import { maybeRow, param, record, row, rows, sql, touch, type Tx } from "@parley/db";
import type * as z from "zod";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf } from "../page.ts";
import { addConsent } from "./facts.ts";
import { contactById } from "./row.ts";

/** What a person agreed to, with the evidence; written on the contact, its history and the audit log. */
export function recordConsent(
  ctx: Ctx,
  { contactId, ...consent }: Consent & { contactId: string },
): Promise<ContactDetail> {
  return ctx.db.tx(async (tx) => {
    await lockContact(tx, contactId);
    const { ahead } = await row<{ ahead: boolean }>(
      tx,
      sql`select ${param(consent.obtainedAt)}::timestamptz > app.now() + interval '1 day' as ahead`,
    );
    if (ahead)
      throw invalid("obtainedAt: a consent cannot be given in the future. Write when it was given.", [
        { path: "obtainedAt", message: "lies in the future" },
      ]);
    await addConsent(tx, contactId, consent, ctx.person?.id ?? null);
    const { channels, basis, source, obtainedAt } = consent;
    await told(ctx, tx, contactId, "consent.recorded", { channels, basis, source });
    await audit(ctx, tx, {
      action: "consent.recorded",
      entity: "contact",
      entityId: contactId,
      changes: { consent: [null, { channels, basis, source, obtainedAt }] },
    });
    return contactById(tx, contactId);
  });
}

/** From now on it counts for nothing; what was dialled under it keeps its receipt. */
export function revokeConsent(
  ctx: Ctx,
  { contactId, consentId }: { contactId: string; consentId: string },
): Promise<ContactDetail> {
  return ctx.db.tx(async (tx) => {
    await lockContact(tx, contactId);
    const consent = await maybeRow<{
      channel: string;
      basis: string;
      source: string;
      revoked_at: string | null;
    }>(
      tx,
      sql`
      select channel, basis, source, revoked_at from consents
      where user_id = ${param(ctx.user.id)} and contact_id = ${param(contactId)} and id = ${param(consentId)} for update`,
    );
    if (!consent) throw notFound("consent");
    if (consent.revoked_at) throw conflict("This consent has been withdrawn already.");
    await rows(
      tx,
      sql`update consents set revoked_at = app.now() where user_id = ${param(ctx.user.id)} and id = ${param(consentId)}`,
    );
    const { channel, basis, source } = consent;
    await told(ctx, tx, contactId, "consent.revoked", { channels: [channel], basis, source });
    await audit(ctx, tx, {
      action: "consent.revoked",
      entity: "contact",
      entityId: contactId,
      changes: { consent: [{ channel, basis, source }, null] },
    });
    return contactById(tx, contactId);
  });
}

type Receipts = (typeof consentsProcedures)["receipts"];

/** Calls to a person that were dialled, the latest first, each with what it was dialled on. */
export async function listReceipts(
  ctx: Ctx,
  input: z.output<Receipts["input"]>,
): Promise<z.output<Receipts["output"]>> {
  const after = cursorOf(input, Id);
  const found = await ctx.db.tx(async (tx) => {
    await contactById(tx, input.contactId);
    return rows<z.output<Receipts["output"]>["items"][number]>(
      tx,
      sql`
      select c.id as "callId", c.created_at as at, c.outcome, c.receipt
      from calls c
      where c.user_id = ${param(ctx.user.id)} and c.contact_id = ${param(input.contactId)} and c.direction = 'outbound'
        and c.dialing_at is not null
        and (${param(after)}::uuid is null or c.id < ${param(after)}::uuid)
      order by c.id desc
      limit ${param(fetchLimit(input))}`,
    );
  });
  return pageOf(
    found,
    input,
    ({ callId }) => callId,
    (receipt) => receipt,
  );
}

async function lockContact(tx: Tx, contactId: string): Promise<void> {
  const locked = await maybeRow(
    tx,
    sql`
    select 1 as one from contacts
    where user_id = ${param(tx.userId)} and id = ${param(contactId)} and erased_at is null for no key update`,
  );
  if (!locked) throw notFound("contact");
}

async function told(
  ctx: Ctx,
  tx: Tx,
  contactId: string,
  kind: string,
  data: Record<string, unknown>,
): Promise<void> {
  await record(tx, { userId: ctx.user.id, contactId, kind, actor: ctx.actor, data });
  await touch(tx, "contacts", contactId);
}
