import { maybeRow, param, row, rows, sql, touch, type Tx } from "@parley/db";
import type { PlaceCall } from "@parley/core/calls/schema";
import { ParleyError } from "@parley/core/errors";
import { countryOf, normalizePhoneNumber } from "@parley/core/phone";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { laneFor } from "./lane-for.ts";
import { zonesOf } from "../phone-zones.ts";

/** Nobody wants a call long after pressing the button. */
const EXPIRES_SECONDS = 120;

/**
 * One call by hand: an item of its own in the lane without a campaign, which goes first. It takes the same door as
 * every other call: the dispatcher dials it, skips it with the reason, or lets it expire after two minutes.
 */
export async function placeDirect(
  ctx: Ctx,
  input: PlaceCall,
): Promise<{ itemId: string; contactId: string; expiresAt: string }> {
  return ctx.db.tx(async (tx) => {
    const agent = await row<{
      status: string;
      bolna_agent_id: string | null;
      hold: number;
      rule_set: string;
    }>(
      tx,
      sql`
      select a.status, a.bolna_agent_id, u.rule_set,
        ceil(a.max_call_seconds::numeric / u.pulse_seconds)::bigint * u.pulse_credits as hold
      from agents a join users u on u.id = a.user_id
      where a.user_id = ${param(ctx.user.id)} and a.id = ${param(input.agentId)}`,
      "There is no such agent in this workspace. Choose one under Agents.",
    );
    if (agent.status !== "active")
      throw new ParleyError("conflict", "This agent is archived. Choose another one.");
    if (!agent.bolna_agent_id)
      throw new ParleyError(
        "conflict",
        "This agent is not at the voice provider yet. Agents → Sync says why.",
      );

    const contact = input.contactId
      ? await contactById(tx, input.contactId)
      : await contactByNumber(ctx, tx, input.phoneNumber!);
    const calls = await row<{ country: boolean }>(
      tx,
      sql`
      select u.rule_set = 'rehearsal' or ${param(contact.country)}::text = any(u.destinations || u.default_region) as country
      from users u where u.id = ${param(ctx.user.id)}`,
    );
    if (!calls.country)
      throw new ParleyError(
        "conflict",
        `Nobody has confirmed that this workspace calls ${contact.country ?? "numbers of no country"}. An owner confirms it under Settings → Calling rules.`,
      );
    const fromNumber = input.fromNumber ? await phoneOf(tx, input.fromNumber, "fromNumber") : null;
    const laneId = await laneFor(tx, {
      userId: ctx.user.id,
      campaignId: null,
      country: contact.country,
      zoneSet: contact.zone_set,
      window: null,
      ruleSet: agent.rule_set,
      holdCredits: agent.hold,
    });
    const item = await maybeRow<{ id: string; expires_at: string; due_at: string }>(
      tx,
      sql`
      insert into call_queue (user_id, kind, priority, phone_number, contact_id, lane_id, agent_id, from_number, expires_at, created_by)
      values (${param(ctx.user.id)}, 'direct', 0, ${param(contact.phone_number)}, ${param(contact.id)}, ${param(laneId)}, ${param(input.agentId)},
        ${param(fromNumber)}, app.now() + make_interval(secs => ${param(EXPIRES_SECONDS)}), ${param(ctx.person?.id ?? null)})
      on conflict (user_id, contact_id) where kind = 'direct' and status in ('pending', 'in_progress') do nothing
      returning id, expires_at, due_at`,
    );
    if (!item) throw await alreadyCalled(tx, contact.id);
    await audit(ctx, tx, {
      action: "call.requested",
      entity: "contact",
      entityId: contact.id,
      changes: { item: [null, item.id], agentId: [null, input.agentId] },
    });
    await tx.query("select app.lanes_due(array[$1]::uuid[], $2)", [laneId, item.due_at]);
    await touch(tx, "calls");
    tx.wake("dispatch");
    return { itemId: item.id, contactId: contact.id, expiresAt: item.expires_at };
  });
}

/** One call by hand at a time and person: pressed twice, it is still one. */
async function alreadyCalled(tx: Tx, contactId: string): Promise<ParleyError> {
  const open = await maybeRow<{ id: string }>(
    tx,
    sql`
    select id from call_queue
    where user_id = ${param(tx.userId)} and contact_id = ${param(contactId)} and kind = 'direct' and status in ('pending', 'in_progress')`,
  );
  return new ParleyError(
    "conflict",
    open
      ? `This person is being called already (item ${open.id}). Wait for that call to end.`
      : "This person was being called a moment ago. Press again.",
    open ? { issues: [{ path: "itemId", message: open.id }] } : {},
  );
}

type Callee = { id: string; phone_number: string; country: string | null; zone_set: string | null };

async function contactById(tx: Tx, contactId: string): Promise<Callee> {
  const contact = await row<Omit<Callee, "phone_number"> & { phone_number: string | null }>(
    tx,
    sql`select id, phone_number, country, zone_set from contacts where user_id = ${param(tx.userId)} and id = ${param(contactId)}`,
    "There is no such contact in this workspace.",
  );
  if (!contact.phone_number)
    throw new ParleyError("invalid", "This contact has no phone number. Add one, then call.", {
      issues: [{ path: "contactId", message: "has no phone number" }],
    });
  return { ...contact, phone_number: contact.phone_number };
}

/** A number nobody has met yet becomes a contact. */
async function contactByNumber(ctx: Ctx, tx: Tx, raw: string): Promise<Callee> {
  const phoneNumber = await phoneOf(tx, raw, "phoneNumber");
  const known = await maybeRow<Callee>(
    tx,
    sql`select id, phone_number, country, zone_set from contacts where user_id = ${param(tx.userId)} and phone_number = ${param(phoneNumber)}`,
  );
  if (known) return known;
  const country = countryOf(phoneNumber);
  const zones = zonesOf(phoneNumber, country);
  await rows(
    tx,
    sql`
    insert into contacts (user_id, phone_number, country, zones, source, created_by, stage_id)
    values (${param(tx.userId)}, ${param(phoneNumber)}, ${param(country)}, ${param(zones)}, 'direct call', ${param(ctx.person?.id ?? null)},
      (select id from stages where user_id = ${param(tx.userId)} and key = 'new'))
    on conflict (user_id, phone_number) do nothing`,
  );
  return row<Callee>(
    tx,
    sql`select id, phone_number, country, zone_set from contacts where user_id = ${param(tx.userId)} and phone_number = ${param(phoneNumber)}`,
  );
}

async function phoneOf(tx: Tx, raw: string, field: string): Promise<string> {
  const { default_region } = await row<{ default_region: string }>(
    tx,
    sql`select default_region from users where id = ${param(tx.userId)}`,
  );
  const phone = normalizePhoneNumber(raw, default_region);
  if (!phone.ok)
    throw new ParleyError(
      "invalid",
      `${field}: “${raw}” is not a phone number that can be called. Write it with the country code, like +91 9876543210.`,
      {
        issues: [{ path: field, message: phone.reason }],
      },
    );
  return phone.phoneNumber;
}
