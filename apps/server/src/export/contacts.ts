import type { ContactFilter } from "@parley/core/contacts/filter";
import { param, rows, sql } from "@parley/db";
import { isSuppressed, matchingContacts } from "../contact-filter.ts";
import type { Ctx } from "../context.ts";
import { csvFile, type Columns } from "./csv-file.ts";

type Row = {
  id: string;
  name: string | null;
  phone_number: string | null;
  email: string | null;
  company: string | null;
  city: string | null;
  country: string | null;
  notes: string | null;
  tags: string[];
  stage: string | null;
  temperature: string | null;
  score: number | null;
  suppressed: boolean;
  time_zone: string | null;
  last_call_at: string | null;
  created_at: string;
  custom: Record<string, string | number | boolean | null>;
};

/** Contacts by the filter of the list, under headers that our own import understands. */
export async function contactsFile(ctx: Ctx, filter: ContactFilter): Promise<AsyncGenerator<string>> {
  const own = await ctx.db.tx((tx) =>
    rows<{ key: string }>(
      tx,
      sql`select key from custom_fields where user_id = ${param(ctx.user.id)} order by created_at, key`,
    ),
  );
  const columns: Columns<Row> = [
    ["name", (row) => row.name],
    ["phone_number", (row) => row.phone_number],
    ["email", (row) => row.email],
    ["company", (row) => row.company],
    ["city", (row) => row.city],
    ["country", (row) => row.country],
    ["tags", (row) => row.tags.join(";")],
    ["notes", (row) => row.notes],
    ["stage", (row) => row.stage],
    ["temperature", (row) => row.temperature],
    ["score", (row) => row.score],
    ["suppressed", (row) => (row.suppressed ? "yes" : "no")],
    ["time_zone", (row) => row.time_zone],
    ["last_call_at", (row) => row.last_call_at],
    ["created_at", (row) => row.created_at],
    ["contact_id", (row) => row.id],
    ...own.map(({ key }): Columns<Row>[number] => [key, (row) => row.custom[key]]),
  ];
  return csvFile<Row>(ctx, columns, (tx, after, limit) =>
    rows(
      tx,
      sql`
      select c.id, c.name, c.phone_number, c.email, c.company, c.city, c.country, c.notes, c.temperature, c.score, c.time_zone,
        c.last_call_at, c.created_at, c.custom, ${isSuppressed} as suppressed,
        (select s.key from stages s where s.user_id = c.user_id and s.id = c.stage_id) as stage,
        array(select t.tag from contact_tags t where t.user_id = c.user_id and t.contact_id = c.id order by t.tag) as tags
      from contacts c
      where c.user_id = ${param(ctx.user.id)} and c.erased_at is null and ${matchingContacts(filter)}
        and (${param(after)}::uuid is null or c.id > ${param(after)}::uuid)
      order by c.id
      limit ${param(limit)}`,
    ),
  );
}
