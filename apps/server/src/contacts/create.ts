import type { ContactDetail, ContactDraft } from "@parley/core/contacts/schema";
import { conflict } from "@parley/core/errors";
import { maybeRow, param, record, row, sql, touch, type Tx } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { addConsent, addTags, customFieldOf, keepCustomFields, stageId } from "./facts.ts";
import { defaultRegionOf, reach } from "./phone-of.ts";
import { contactById } from "./row.ts";

/** A contact typed in by somebody. A number that is known already is a conflict which names its contact. */
export function createContact(ctx: Ctx, draft: ContactDraft): Promise<ContactDetail> {
  return ctx.db.tx(async (tx) => {
    const reached = reach(draft.phoneNumber, await defaultRegionOf(tx));
    const stage = await stageOf(tx, draft.stage);
    const made = await maybeRow<{ id: string }>(
      tx,
      sql`
      insert into contacts (user_id, phone_number, name, email, company, city, country, zones, time_zone, notes, stage_id, custom,
        human_fields, source, created_by)
      values (${param(ctx.user.id)}, ${param(reached.phoneNumber)}, ${param(draft.name || null)}, ${param(draft.email ?? null)},
        ${param(draft.company || null)}, ${param(draft.city || null)}, ${param(draft.country ?? reached.country)},
        ${param(reached.zones)}::text[], ${param(draft.timeZone ?? null)}, ${param(draft.notes || null)}, ${param(stage)},
        ${param(JSON.stringify(draft.custom ?? {}))}::jsonb, ${param(draft.stage ? ["stage"] : [])}::text[],
        ${param(ctx.person ? "manual" : "api")}, ${param(ctx.person?.id ?? null)})
      on conflict on constraint one_contact_per_phone do nothing
      returning id`,
    );
    if (!made) throw await alreadyKnown(tx, reached.phoneNumber);
    if (draft.tags?.length) await addTags(tx, made.id, draft.tags);
    await keepCustomFields(
      tx,
      Object.entries(draft.custom ?? {}).map(([key, value]) => customFieldOf(key, value)),
    );
    if (draft.consent) await addConsent(tx, made.id, draft.consent, ctx.person?.id ?? null);
    await record(tx, {
      userId: ctx.user.id,
      contactId: made.id,
      kind: "contact.created",
      actor: ctx.actor,
      data: draft.consent ? { consent: draft.consent.basis } : {},
    });
    await audit(ctx, tx, {
      action: "contact.created",
      entity: "contact",
      entityId: made.id,
      changes: {
        phoneNumber: [null, reached.phoneNumber],
        name: [null, draft.name || null],
        ...(draft.consent ? { consent: [null, `${draft.consent.basis}: ${draft.consent.source}`] } : {}),
      },
    });
    await touch(tx, "contacts", made.id);
    return contactById(tx, made.id);
  });
}

/** A new contact stands at the first step, unless another one is named. */
async function stageOf(tx: Tx, key: string | undefined): Promise<string | null> {
  if (key) return stageId(tx, key);
  const { id } = await row<{ id: string | null }>(
    tx,
    sql`select (select id from stages where user_id = ${param(tx.userId)} and key = 'new') as id`,
  );
  return id;
}

/** The refusal that says whose number it is. */
export async function alreadyKnown(tx: Tx, phoneNumber: string): Promise<Error> {
  const known = await row<{ id: string; name: string | null }>(
    tx,
    sql`select id, name from contacts where user_id = ${param(tx.userId)} and phone_number = ${param(phoneNumber)}`,
  );
  return conflict(
    `${phoneNumber} belongs to ${known.name ? `“${known.name}”` : "a contact without a name"} already (contact ${known.id}). Open that contact instead.`,
  );
}
