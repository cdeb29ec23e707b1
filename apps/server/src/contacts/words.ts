import type { customFieldsProcedures, tagsProcedures, TimelineEntry } from "@parley/core/contacts/schema";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, rows, sql } from "@parley/db";
import * as z from "zod";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";

type Tags = z.infer<typeof tagsProcedures.list.output>;
type Fields = z.infer<typeof customFieldsProcedures.list.output>;

/** Every tag in use, with how many contacts carry it. */
export function listTags(ctx: Ctx): Promise<Tags> {
  return ctx.db.tx(async (tx) => ({
    items: await rows<Tags["items"][number]>(
      tx,
      sql`
      select tag, count(*)::int as contacts from contact_tags
      where user_id = ${param(ctx.user.id)}
      group by tag
      order by count(*) desc, tag
      limit 1000`,
    ),
  }));
}

/** The workspace's own fields and its stages: what forms and mappings offer. */
export function listFields(ctx: Ctx): Promise<Fields> {
  return ctx.db.tx(async (tx) => ({
    items: await rows<Fields["items"][number]>(
      tx,
      sql`select key, label, kind from custom_fields where user_id = ${param(ctx.user.id)} order by created_at, key`,
    ),
    stages: await rows<Fields["stages"][number]>(
      tx,
      sql`select key, name, rank, is_system as "isSystem" from stages where user_id = ${param(ctx.user.id)} order by rank, key`,
    ),
  }));
}

export type ListTimeline = PageInput & { contactId: string; kinds?: string[] | undefined };

/** What happened to a contact, latest first. */
export async function listTimeline(ctx: Ctx, { contactId, kinds, ...page }: ListTimeline) {
  const after = cursorOf(page, z.object({ at: z.string(), id: z.uuid() }));
  return ctx.db.tx(async (tx) => {
    const known = await maybeRow(
      tx,
      sql`select 1 as one from contacts where user_id = ${param(ctx.user.id)} and id = ${param(contactId)}`,
    );
    if (!known) throw notFound("contact");
    const found = await rows<TimelineEntry & { key: string }>(
      tx,
      sql`
      select id, contact_id as "contactId", at, kind, ref, at::text as key,
        case when kind = 'note.added' then summary || coalesce(
          (select jsonb_build_object('body', n.body) from notes n where n.user_id = ${param(ctx.user.id)} and n.id::text = ref), '{}')
          else summary end as summary,
        case when actor like 'person:%' then coalesce((select n.name from app.names_of(array[substr(actor, 8)::uuid]) n), actor) else actor end as actor
      from (
        select t.id, t.contact_id, t.at, t.kind, t.actor, t.ref, t.summary
        from timeline_entries t
        where t.user_id = ${param(ctx.user.id)} and t.contact_id = ${param(contactId)}
        union all
        -- an import makes a million contacts: that it did stands in their rows
        select c.import_id, c.id, c.created_at, 'contact.imported', coalesce('person:' || c.created_by, 'system'), c.import_id::text,
          jsonb_build_object('row', c.import_row)
        from contacts c
        where c.user_id = ${param(ctx.user.id)} and c.id = ${param(contactId)} and c.import_id is not null
      ) entry
      where (${param(kinds ?? null)}::text[] is null or kind = any(${param(kinds ?? null)}::text[]))
        ${after ? sql`and (at, id) < (${param(after.at)}::timestamptz, ${param(after.id)}::uuid)` : sql``}
      order by entry.at desc, id desc
      limit ${param(fetchLimit(page))}`,
    );
    return pageOf(
      found,
      page,
      ({ key, id }) => ({ at: key, id }),
      (entry): TimelineEntry => entry,
    );
  });
}
