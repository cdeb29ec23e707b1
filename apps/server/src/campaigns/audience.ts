import type { Audience } from "@parley/core/campaigns/schema";
import { param, sql, type SQLFragment } from "@parley/db";
import { matches } from "../contact-filter.ts";

/** Who is meant, as a condition on `contacts c`; the tenant, and leaving out who was erased, are the caller's part. */
export function inAudience(audience: Audience): SQLFragment {
  if ("importId" in audience) return ofImport(audience.importId);
  if ("tag" in audience) return matches({ tags: [audience.tag] });
  if ("contactIds" in audience) return sql`c.id = any(${param(audience.contactIds)}::uuid[])`;
  return matches(audience.filter);
}

/** Everybody in the file: those it made, and those who were known before. */
function ofImport(importId: string): SQLFragment {
  return sql`(c.import_id = ${param(importId)} or exists (
    select 1 from import_effects e
    where e.user_id = c.user_id and e.import_id = ${param(importId)} and e.contact_id = c.id))`;
}
