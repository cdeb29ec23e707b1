import { rowReasonText } from "@parley/core/contacts/row";
import type {
  Suppressed,
  Suppression,
  suppressionChannels,
  suppressionReasons,
  suppressionsProcedures,
} from "@parley/core/contacts/schema";
import { notFound } from "@parley/core/errors";
import { normalizePhoneNumber } from "@parley/core/phone";
import { phoneDigits } from "@parley/core/phone-text";
import { maybeRow, param, rows, sql, touch, type Tx } from "@parley/db";
import * as z from "zod";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";
import { defaultRegionOf } from "./phone-of.ts";
import { suppressMany, tell } from "./suppress.ts";

/** Numbers that are not to be contacted, latest first; searched by digits or by the name of their contact. */
export async function listSuppressions(
  ctx: Ctx,
  { search, ...page }: PageInput & { search?: string | undefined },
) {
  const after = cursorOf(page, z.object({ at: z.string(), id: z.uuid() }));
  const digits = search ? phoneDigits(search) : null;
  const found = digits
    ? sql`and replace(s.phone_number, ' ', '') like ${param(`%${digits}%`)}`
    : search
      ? sql`and c.id in (select app.search_contacts(${param(search)}))`
      : sql``;
  return ctx.db.tx(async (tx) => {
    const listed = await rows<Suppression & { at: string }>(
      tx,
      sql`
      select s.id, s.phone_number as "phoneNumber", c.id as "contactId", s.channel, s.reason, s.source, s.note,
        s.created_at as "createdAt", s.created_at::text as at
      from suppressions s
      left join contacts c on c.user_id = s.user_id and c.phone_number = s.phone_number and c.erased_at is null
      where s.user_id = ${param(ctx.user.id)} ${found}
        ${after ? sql`and (s.created_at, s.id) < (${param(after.at)}::timestamptz, ${param(after.id)}::uuid)` : sql``}
      order by s.created_at desc, s.id desc
      limit ${param(fetchLimit(page))}`,
    );
    return pageOf(
      listed,
      page,
      ({ at, id }) => ({ at, id }),
      (suppression): Suppression => suppression,
    );
  });
}

type AddSuppressions = {
  phoneNumbers: string[];
  channel: (typeof suppressionChannels)[number];
  reason: (typeof suppressionReasons)[number];
  note?: string | undefined;
};

/** A list of numbers at once, each taken or refused on its own. */
export function addSuppressions(
  ctx: Ctx,
  { phoneNumbers, ...why }: AddSuppressions,
): Promise<z.infer<typeof suppressionsProcedures.add.output>> {
  return ctx.db.tx(async (tx) => {
    const region = await defaultRegionOf(tx);
    const good = new Set<string>();
    const invalid: { raw: string; reason: string }[] = [];
    for (const raw of phoneNumbers) {
      const phone = normalizePhoneNumber(raw, region);
      if (phone.ok) good.add(phone.phoneNumber);
      else invalid.push({ raw, reason: rowReasonText(phone.reason, raw) });
    }
    const entries = [...good].map((phoneNumber) => ({ phoneNumber, ...why, note: why.note ?? null }));
    const done = await suppressMany(ctx, tx, entries, ctx.actor === "system" ? "system" : "person");
    await tell(ctx, tx, await contactsOf(tx, done.added), "contact.suppressed", why);
    await audit(ctx, tx, {
      action: "suppressions.added",
      changes: { numbers: [null, done.added.length], reason: [null, why.reason] },
    });
    return {
      added: done.added.length,
      known: good.size - done.added.length,
      stopped: done.skipped + done.stopping,
      inAir: done.in_air,
      invalid,
    };
  });
}

/** Lifts one block. What it had skipped stays skipped: put it on a list again. */
export function removeSuppression(
  ctx: Ctx,
  { suppressionId }: { suppressionId: string },
): Promise<z.infer<typeof Suppressed>> {
  return ctx.db.tx(async (tx) => {
    const lifted = await maybeRow<{ phone_number: string; channel: string; reason: string }>(
      tx,
      sql`
      delete from suppressions where user_id = ${param(ctx.user.id)} and id = ${param(suppressionId)}
      returning phone_number, channel, reason`,
    );
    if (!lifted) throw notFound("suppression");
    const { phone_number, ...what } = lifted;
    await tell(ctx, tx, await contactsOf(tx, [phone_number]), "contact.unsuppressed", { lifted: [what] });
    await audit(ctx, tx, {
      action: "suppressions.removed",
      entity: "suppression",
      entityId: suppressionId,
      changes: { number: [phone_number, null], channel: [what.channel, null], reason: [what.reason, null] },
    });
    await touch(tx, "contacts");
    const left = await maybeRow(
      tx,
      sql`
      select 1 as one from suppressions
      where user_id = ${param(ctx.user.id)} and phone_number = ${param(phone_number)} and channel in ('all', 'call')
      limit 1`,
    );
    return { suppressed: left !== undefined, stopped: 0, inAir: 0 };
  });
}

async function contactsOf(tx: Tx, phoneNumbers: readonly string[]): Promise<string[]> {
  const found = await rows<{ id: string }>(
    tx,
    sql`
    select id from contacts
    where user_id = ${param(tx.userId)} and phone_number = any(${param(phoneNumbers)}::text[]) and erased_at is null`,
  );
  return found.map(({ id }) => id);
}
