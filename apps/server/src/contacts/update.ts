import type { ContactDetail, ContactPatch } from "@parley/core/contacts/schema";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, record, rows, sql, touch, type SQLFragment, type Tx } from "@parley/db";
import { audit, changed } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { alreadyKnown } from "./create.ts";
import { addConsent, addTags, customFieldOf, keepCustomFields, removeTags, stageId } from "./facts.ts";
import { defaultRegionOf, reach, type Reached } from "./phone-of.ts";
import { contactById } from "./row.ts";

/** Changes a contact. Fields that somebody set by hand are not touched by the analysis afterwards. */
export function updateContact(ctx: Ctx, patch: ContactPatch): Promise<ContactDetail> {
  return ctx.db.tx(async (tx) => {
    const reached =
      patch.phoneNumber === undefined ? null : reach(patch.phoneNumber, await defaultRegionOf(tx));
    if (reached) await lockNumbers(tx, patch.contactId, reached.phoneNumber);
    const before = await lockContact(tx, patch.contactId);
    const moved = reached !== null && reached.phoneNumber !== before.phoneNumber;

    const stage = patch.stage === undefined ? null : await stageId(tx, patch.stage);
    await writeRow(tx, patch, { reached: moved ? reached : null, stage, byHand: fieldsByHand(patch) });
    await writeTags(tx, before, patch);
    await keepCustomFields(
      tx,
      Object.entries(patch.custom ?? {}).map(([key, value]) => customFieldOf(key, value)),
    );
    if (patch.consent) await addConsent(tx, before.id, patch.consent, ctx.person?.id ?? null);
    if (moved || patch.timeZone !== undefined || patch.country !== undefined) await relane(tx, before.id);

    const after = await contactById(tx, before.id);
    const changes = changed(visible(before), visible(after));
    if (Object.keys(changes).length > 0) {
      await record(tx, {
        userId: ctx.user.id,
        contactId: before.id,
        kind: "contact.edited",
        actor: ctx.actor,
        data: { fields: Object.keys(changes) },
      });
      await audit(ctx, tx, { action: "contact.updated", entity: "contact", entityId: before.id, changes });
      await touch(tx, "contacts", before.id);
    }
    return after;
  });
}

async function lockContact(tx: Tx, contactId: string): Promise<ContactDetail> {
  const locked = await maybeRow(
    tx,
    sql`
    select 1 as one from contacts
    where user_id = ${param(tx.userId)} and id = ${param(contactId)} and erased_at is null
    for no key update`,
  );
  if (!locked) throw notFound("contact");
  return contactById(tx, contactId);
}

/** Fields the analysis may otherwise write; names as it asks for them. */
const fieldsByHand = (patch: ContactPatch): string[] =>
  (["name", "email", "company", "city", "stage", "notes"] as const).filter(
    (field) => patch[field] !== undefined,
  );

async function writeRow(
  tx: Tx,
  patch: ContactPatch,
  { reached, stage, byHand }: { reached: Reached | null; stage: string | null; byHand: string[] },
): Promise<void> {
  const sets: SQLFragment[] = [
    sql`human_fields = array(select distinct f from unnest(human_fields || ${param(byHand)}::text[]) f order by f)`,
    // An edit of what stands beside the row is an edit of the contact too.
    sql`updated_at = app.wall()`,
  ];
  const set = (value: unknown, assignment: (value: ReturnType<typeof param>) => SQLFragment) => {
    if (value !== undefined) sets.push(assignment(param(value === "" ? null : value)));
  };
  set(patch.name, (value) => sql`name = ${value}`);
  set(patch.email, (value) => sql`email = ${value}`);
  set(patch.company, (value) => sql`company = ${value}`);
  set(patch.city, (value) => sql`city = ${value}`);
  set(patch.notes, (value) => sql`notes = ${value}`);
  set(patch.timeZone, (value) => sql`time_zone = ${value}`);
  if (stage) sets.push(sql`stage_id = ${param(stage)}`);
  if (reached)
    sets.push(
      sql`phone_number = ${param(reached.phoneNumber)}`,
      sql`zones = ${param(reached.zones)}::text[]`,
    );
  if (patch.country !== undefined) sets.push(sql`country = ${param(patch.country)}`);
  else if (reached) sets.push(sql`country = ${param(reached.country)}`);
  if (patch.custom) {
    // A field set to null is taken out.
    sets.push(sql`custom = jsonb_strip_nulls(custom || ${param(JSON.stringify(patch.custom))}::jsonb)`);
  }
  const taken = reached
    ? sql`and not exists (select 1 from contacts o where o.user_id = c.user_id and o.phone_number = ${param(reached.phoneNumber)})`
    : sql``;
  const written = await maybeRow(
    tx,
    sql`
    update contacts c set ${sets.reduce((all, one) => sql`${all}, ${one}`)}
    where c.user_id = ${param(tx.userId)} and c.id = ${param(patch.contactId)} ${taken}
    returning 1 as one`,
  );
  if (!written) throw await alreadyKnown(tx, reached!.phoneNumber);
}

async function writeTags(
  tx: Tx,
  before: ContactDetail,
  { tags, addTags: added, removeTags: removed }: ContactPatch,
) {
  const gone = tags ? before.tags.filter((tag) => !tags.includes(tag)) : removed;
  if (gone?.length) await removeTags(tx, before.id, gone);
  const fresh = tags ?? added;
  if (fresh?.length) await addTags(tx, before.id, fresh);
}

/** A number changes hands: STOP and the last check before a dial meet on both, in one order, before any row. */
async function lockNumbers(tx: Tx, contactId: string, next: string): Promise<void> {
  const its = await maybeRow<{ phone_number: string | null }>(
    tx,
    sql`select phone_number from contacts where user_id = ${param(tx.userId)} and id = ${param(contactId)}`,
  );
  const numbers = [its?.phone_number, next].filter((number) => number != null);
  for (const number of [...new Set(numbers)].toSorted())
    await tx.query("select app.lock_phone($1, $2)", [tx.userId, number]);
}

/** Waiting items follow their contact; the tick judges them anew. One that is on the phone follows when it waits again. */
async function relane(tx: Tx, contactId: string): Promise<void> {
  const moved = await rows<{ lane_id: string; due_at: string }>(
    tx,
    sql`
    select lane_id, due_at from app.follow_contacts(${param(tx.userId)}, array(
      select id from call_queue
      where user_id = ${param(tx.userId)} and contact_id = ${param(contactId)} and status = 'pending'))`,
  );
  for (const { lane_id, due_at } of moved)
    await tx.query("select app.lanes_due(array[$1]::uuid[], $2)", [lane_id, due_at]);
  if (moved.length > 0) tx.wake("dispatch");
}

/** What an edit can change, for timeline and audit. */
const visible = ({
  name,
  phoneNumber,
  email,
  company,
  city,
  country,
  timeZone,
  notes,
  stage,
  tags,
  custom,
  consents,
}: ContactDetail) => ({
  name,
  phoneNumber,
  email,
  company,
  city,
  country,
  timeZone,
  notes,
  stage,
  tags,
  custom,
  consents: consents.map(({ channel, basis, source }) => `${channel}, ${basis}: ${source}`),
});
