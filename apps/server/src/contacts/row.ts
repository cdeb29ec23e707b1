import type { ContactDetail } from "@parley/core/contacts/schema";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, sql, type Tx } from "@parley/db";
import { isSuppressed } from "../contact-filter.ts";

/** The columns of `contacts c` under the names of its schema. */
export const contactColumns = sql`
  c.id, c.name, c.phone_number as "phoneNumber", c.email, c.company, c.city, c.country,
  array(select t.tag from contact_tags t where t.user_id = c.user_id and t.contact_id = c.id order by t.tag) as tags,
  (select s.key from stages s where s.user_id = c.user_id and s.id = c.stage_id) as stage,
  c.temperature, c.score, ${isSuppressed} as suppressed, c.custom, c.last_call_at as "lastCallAt", c.created_at as "createdAt"`;

const detailColumns = sql`
  ${contactColumns}, c.time_zone as "timeZone", c.zones, c.notes, c.source, c.import_id as "importId", c.updated_at as "updatedAt",
  coalesce((
    select jsonb_agg(jsonb_build_object('at', a.analysed_at, 'score', a.score, 'callId', a.call_id) order by a.analysed_at)
    from lead_analytics a
    where a.user_id = c.user_id and a.contact_id = c.id and a.score is not null and a.analysed_at is not null), '[]') as scores,
  coalesce((
    select jsonb_agg(jsonb_build_object('id', k.id, 'channel', k.channel, 'basis', k.basis, 'source', k.source,
      'obtainedAt', k.obtained_at, 'expiresAt', k.expires_at, 'revokedAt', k.revoked_at, 'evidence', k.evidence)
      order by k.created_at desc)
    from consents k where k.user_id = c.user_id and k.contact_id = c.id), '[]') as consents,
  coalesce((
    select jsonb_agg(jsonb_build_object('id', s.id, 'channel', s.channel, 'reason', s.reason, 'at', s.created_at) order by s.created_at)
    from suppressions s where s.user_id = c.user_id and s.phone_number = c.phone_number), '[]') as suppressions,
  (select q.id from call_queue q
   where q.user_id = c.user_id and q.contact_id = c.id and q.kind = 'direct' and q.status in ('pending', 'in_progress')) as "openItemId",
  (select jsonb_build_object('total', count(*), 'answered', count(*) filter (where l.outcome = 'answered'))
   from calls l where l.user_id = c.user_id and l.contact_id = c.id and l.status <> 'not-placed') as calls`;

/** A contact of this tenant with everything its page shows, or `not_found`. */
export async function contactById(tx: Tx, contactId: string): Promise<ContactDetail> {
  const contact = await maybeRow<ContactDetail>(
    tx,
    sql`
    select ${detailColumns} from contacts c
    where c.user_id = ${param(tx.userId)} and c.id = ${param(contactId)} and c.erased_at is null`,
  );
  if (!contact) throw notFound("contact");
  return isoInside(contact);
}

/** Instants inside json come as Postgres writes them; outside they are ISO-8601 in UTC, and so they are here. */
function isoInside(contact: ContactDetail): ContactDetail {
  const iso = (at: string) => new Date(at).toISOString();
  const maybe = (at: string | null) => (at === null ? null : iso(at));
  return {
    ...contact,
    scores: contact.scores.map((score) => ({ ...score, at: iso(score.at) })),
    consents: contact.consents.map((consent) => ({
      ...consent,
      obtainedAt: iso(consent.obtainedAt),
      expiresAt: maybe(consent.expiresAt),
      revokedAt: maybe(consent.revokedAt),
    })),
    suppressions: contact.suppressions.map((suppression) => ({ ...suppression, at: iso(suppression.at) })),
  };
}
