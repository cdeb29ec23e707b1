import type { Audience, ItemsOf } from "@parley/core/campaigns/schema";
import { param, sql, type SQLFragment } from "@parley/db";
import { matchingContacts, ofImport } from "../contact-filter.ts";

/** Who is meant, as a condition on `contacts c`; the tenant, and leaving out who was erased, are the caller's part. */
export function inAudience(audience: Audience): SQLFragment {
  if ("importId" in audience) return ofImport(audience.importId);
  if ("tag" in audience) return matchingContacts({ tags: [audience.tag] });
  if ("items" in audience) return inItems(audience.items);
  if ("contactIds" in audience) return sql`c.id = any(${param(audience.contactIds)}::uuid[])`;
  return matchingContacts(audience.filter);
}

/** People of another campaign, each once, over `contacts c`. */
function inItems({ campaignId, statuses, outcomes, skipReasons }: ItemsOf): SQLFragment {
  const fits = [
    ...(statuses ? [sql`q.status = any(${param(statuses)}::text[])`] : []),
    ...(outcomes ? [sql`q.last_outcome = any(${param(outcomes)}::text[])`] : []),
    ...(skipReasons ? [sql`q.skip_reason = any(${param(skipReasons)}::text[])`] : []),
  ];
  const any =
    fits.length > 0
      ? fits.reduce((all, fit) => sql`${all} or ${fit}`)
      : sql`q.last_outcome is distinct from 'answered'`;
  return sql`c.id in (
    select q.contact_id from call_queue q
    where q.user_id = c.user_id and q.campaign_id = ${param(campaignId)} and (${any}))`;
}
