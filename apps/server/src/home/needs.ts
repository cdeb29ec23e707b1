import type { HomeSummary, Need } from "@parley/core/home/schema";
import { reasonOf } from "@parley/core/reasons";
import { param, rows, sql, type Tx } from "@parley/db";

const SHOWN = 20;

type Found = Omit<Need, "title" | "detail"> & {
  /** What it is about: a campaign's, an agent's or a person's name. */
  name: string | null;
  /** A code of core/reasons, a message, or a count. */
  fact: string | null;
  cure: string | null;
  total: number;
};

/** Everything that waits for a person, the worst first, and how much there is of it. */
export async function findNeeds(tx: Tx): Promise<Pick<HomeSummary, "needs" | "needsTotal">> {
  const found = await rows<Found>(
    tx,
    sql`
    with tenant as (select ${param(tx.userId)}::uuid as id, app.now() as at),
    need (kind, id, name, fact, cure, severity, at, contact_id, call_id, campaign_id) as (
      select 'incident', i.id::text, null, i.message, i.cure, i.severity, i.last_at, null::uuid, null::uuid, null::uuid
      from incidents i, tenant t where i.user_id = t.id and i.status = 'open'
      union all
      select 'unknown_call', c.id::text, coalesce(p.name, 'a person without a name'), c.reason, null, 'warn', c.created_at, c.contact_id, c.id, c.campaign_id
      from calls c join tenant t on c.user_id = t.id
      left join contacts p on p.user_id = c.user_id and p.id = c.contact_id
      where c.status = 'unknown' and c.ended_at is null
      union all
      select 'paused_campaign', k.id::text, k.name, k.status_reason, null, 'warn', k.updated_at, null, null, k.id
      from call_campaigns k join tenant t on k.user_id = t.id
      where k.status = 'paused' and k.status_reason <> 'paused'
      union all
      select case s.kind when 'callback' then 'callback_due' when 'meeting' then 'meeting' else 'task_due' end, s.id::text, coalesce(p.name, 'a person without a name'),
        s.title, null, 'info', s.due_at, s.contact_id, s.call_id, null
      from tasks s join tenant t on s.user_id = t.id
      join contacts p on p.user_id = s.user_id and p.id = s.contact_id
      where s.status = 'open' and not s.agent_calls and (s.kind <> 'meeting' and s.due_at <= t.at or s.kind = 'meeting' and s.due_at <= t.at + interval '1 day')
      union all
      select 'analysis_failed', a.call_id::text, coalesce(p.name, 'a person without a name'), a.reason, null, 'info', a.updated_at, a.contact_id, a.call_id, null
      from lead_analytics a join tenant t on a.user_id = t.id
      left join contacts p on p.user_id = a.user_id and p.id = a.contact_id
      where a.status = 'failed' and a.created_at > t.at - interval '7 days'
      union all
      select 'agent_drifted', g.id::text, g.name, coalesce(g.sync_error, g.sync_status), null,
        case g.sync_status when 'failed' then 'bad' else 'warn' end, g.updated_at, null, null, null
      from agents g join tenant t on g.user_id = t.id
      where g.status = 'active' and g.sync_status in ('failed', 'drifted')
      union all
      select 'bad_webhook', 'bad', null, count(*)::text, null, 'warn', max(w.received_at), null, null, null
      from webhook_events w join tenant t on w.user_id = t.id
      where w.status = 'bad' having count(*) > 0
    )
    select kind, id, name, fact, cure, severity, at, contact_id as "contactId", call_id as "callId", campaign_id as "campaignId",
      count(*) over () as total
    from need
    order by array_position(array['bad', 'warn', 'info'], severity), at desc
    limit ${param(SHOWN)}`,
  );
  return {
    needs: found.map(({ kind, id, severity, at, contactId, callId, campaignId, name, fact, cure }) => {
      const told = words[kind]({ name: name ?? "", fact: fact ?? "", cure: cure ?? "" });
      return { kind, id, severity, at, contactId, callId, campaignId, ...told };
    }),
    needsTotal: found[0]?.total ?? 0,
  };
}

type Fact = { name: string; fact: string; cure: string };

const words: Record<Need["kind"], (its: Fact) => Pick<Need, "title" | "detail">> = {
  incident: ({ fact, cure }) => ({ title: fact, detail: cure }),
  unknown_call: ({ name }) => ({
    title: `It is not known whether ${name} was called`,
    detail: "The call is being looked up at the provider; it keeps its line until then.",
  }),
  paused_campaign: ({ name, fact }) => ({ title: `“${name}” paused itself`, detail: sentences(fact) }),
  callback_due: ({ name, fact }) => ({
    title: `Call ${name} back`,
    detail: agreed(fact, `Call back ${name}`),
  }),
  task_due: ({ name, fact }) => ({ title: fact, detail: `Due for ${name}.` }),
  meeting: ({ name, fact }) => ({ title: `Meeting with ${name}`, detail: agreed(fact, `Meet ${name}`) }),
  analysis_failed: ({ name, fact }) => ({
    title: `The call with ${name} could not be analysed`,
    detail: fact,
  }),
  agent_drifted: ({ name, fact }) => ({
    title:
      fact === "drifted"
        ? `“${name}” was changed at the provider`
        : `“${name}” could not be sent to the provider`,
    detail: fact === "drifted" ? "Open the agent to see the difference, then sync it." : fact,
  }),
  bad_webhook: ({ fact }) => ({
    title: fact === "1" ? "A webhook could not be read" : `${fact} webhooks could not be read`,
    detail: "Look at them under Settings → Webhooks; they can be replayed.",
  }),
};

/** A task that an analysis made is called after the person; its own title would say the same again. */
const agreed = (title: string, plain: string): string => (title === plain ? "Agreed in a call." : title);

function sentences(code: string): string {
  const { text, next } = reasonOf(code);
  return `${text} ${next}`.trim();
}
