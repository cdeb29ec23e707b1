import type { Audience } from "@parley/core/campaigns/schema";
import { param, sql, type SQLFragment } from "@parley/db";
import { matchingContacts, ofImport } from "../contact-filter.ts";

/** Who is meant, as a condition on `contacts c`; the tenant, and leaving out who was erased, are the caller's part. */
export function inAudience(audience: Audience): SQLFragment {
  if ("importId" in audience) return ofImport(audience.importId);
  if ("tag" in audience) return matchingContacts({ tags: [audience.tag] });
  if ("contactIds" in audience) return sql`c.id = any(${param(audience.contactIds)}::uuid[])`;
  return matchingContacts(audience.filter);
}
