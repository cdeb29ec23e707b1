import type { ContactFilter } from "@parley/core/contacts/filter";
import { param, sql, type SQLFragment } from "@parley/db";

/**
 * Which contacts are meant, as a condition on `contacts c`: one meaning for lists, exports and campaign audiences. The
 * tenant, and that nobody erased is shown or dialled, are the caller's part.
 */
export function matchingContacts(filter: ContactFilter): SQLFragment {
  const conditions: SQLFragment[] = [sql`true`];
  // Text search runs where an index can serve it: row-level security would have every row compared.
  if (filter.q) conditions.push(sql`c.id in (select app.search_contacts(${param(filter.q)}))`);
  for (const tag of filter.tags ?? [])
    conditions.push(
      sql`exists (select 1 from contact_tags t where t.user_id = c.user_id and t.contact_id = c.id and t.tag = ${param(tag)})`,
    );
  if (filter.stage)
    conditions.push(
      sql`c.stage_id = (select s.id from stages s where s.user_id = c.user_id and s.key = ${param(filter.stage)})`,
    );
  if (filter.temperature) conditions.push(sql`c.temperature = ${param(filter.temperature)}`);
  if (filter.importId) conditions.push(ofImport(filter.importId));
  if (filter.suppressed === true) conditions.push(isSuppressed);
  if (filter.suppressed === false) conditions.push(sql`not ${isSuppressed}`);
  return conditions.reduce((all, condition) => sql`${all} and ${condition}`);
}

/** Everybody in the file, on `contacts c`: those it made, and those who were known before. */
export function ofImport(importId: string): SQLFragment {
  return sql`(c.import_id = ${param(importId)} or exists (
    select 1 from import_effects e
    where e.user_id = c.user_id and e.import_id = ${param(importId)} and e.contact_id = c.id))`;
}

/** Not to be called, on `contacts c`. */
export const isSuppressed = sql`exists (
  select 1 from suppressions s
  where s.user_id = c.user_id and s.phone_number = c.phone_number and s.channel in ('all', 'call'))`;
