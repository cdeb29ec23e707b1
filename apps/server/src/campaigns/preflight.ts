import type { Preflight, Problem } from "@parley/core/campaigns/schema";
import { agentFlaws } from "@parley/core/agents/lint";
import { unknownPlaceholders } from "@parley/core/agents/placeholders";
import { conflict } from "@parley/core/errors";
import { campaignCan } from "@parley/core/campaigns/can";
import { formatCredits } from "@parley/core/money";
import { param, row, sql, type Tx } from "@parley/db";
import type { Config } from "../config.ts";
import type { Ctx } from "../context.ts";
import { forecasts } from "../forecasts.ts";
import { inAudience } from "./audience.ts";
import { campaignOf, holdPerCall, type CampaignRecord } from "./row.ts";

/** What would keep this campaign from calling anybody, and what else is worth knowing before it starts. */
export function preflight(ctx: Ctx, { campaignId }: { campaignId: string }): Promise<Preflight> {
  return ctx.db.tx(async (tx) => {
    const campaign = await campaignOf(tx, campaignId);
    const may = campaignCan.preflight(campaign.status);
    if (!may.ok) throw conflict(may.reason);
    const { groups, ...found } = await lookAhead(tx, ctx.config, campaign);
    return { ...found, forecast: await forecastOf(tx, campaign, found.holdPerCall, groups) };
  });
}

/** What would come of it if it were started now or at its start time, or resumed. */
async function forecastOf(
  tx: Tx,
  campaign: CampaignRecord,
  holdPerCall: number,
  groups: readonly Group[],
): Promise<Preflight["forecast"]> {
  if (campaign.launched > 0) return (await forecasts(tx, { resumed: campaign.id })).get(campaign.id) ?? null;
  const callable = groups.filter(({ reason }) => reason === null);
  if (callable.length === 0) return null;
  const groupsAhead = callable.map(({ people, stretches }) => ({ people, stretches: stretches ?? [] }));
  const ahead = await forecasts(tx, { planned: { ...campaign, holdPerCall, groups: groupsAhead } });
  return ahead.get(campaign.id) ?? null;
}

type Group = {
  /** Countries of theirs that nobody has confirmed. */
  unconfirmed: string[];
  zone_set: string;
  reason: string | null;
  people: number;
  opens_at: string | null;
  closes_at: string | null;
  /** Hours of the next 14 days. */
  stretches: [string, string][] | null;
};

type Surroundings = {
  now: string;
  agent_status: string;
  disclosure: string;
  prompt: string;
  welcome_message: string;
  /** Keys of the workspace's own contact fields. */
  own_fields: string[];
  language: string;
  company: string;
  at_provider: boolean;
  hold: number;
  available: number;
  user_lines: number;
  system_lines: number;
  dialling_paused: boolean;
  account_status: string;
  import_status: string | null;
  own_numbers: number;
  number_known: boolean;
};

/** Reads only. `eligible` are the people who could be dialled at some hour of the next 14 days. */
export async function lookAhead(
  tx: Tx,
  config: Config,
  campaign: CampaignRecord,
): Promise<Omit<Preflight, "forecast"> & { groups: Group[] }> {
  const around = await surroundings(tx, campaign);
  const groups = await audienceGroups(tx, campaign);
  const sum = (of: readonly Group[]) => of.reduce((people, group) => people + group.people, 0);
  const because = (reason: string) => sum(groups.filter((group) => group.reason === reason));
  const eligible = sum(groups.filter(({ reason }) => reason === null));
  const audience = sum(groups);
  const { hold, available } = around;

  const problems: Problem[] = [];
  const problem = (blocking: boolean, code: Problem["code"], message: string, cure: string, count?: number) =>
    void problems.push({ code, message, cure, blocking, ...(count === undefined ? {} : { count }) });

  if (around.agent_status !== "active")
    problem(true, "agent_archived", "The agent of this campaign is archived.", "Choose another agent.");
  else if (!around.at_provider)
    problem(
      true,
      "agent_not_synced",
      "The agent is not at the voice provider yet.",
      "Open the agent and press Sync; it says what is wrong.",
    );
  for (const flaw of agentFlaws(around)) problem(flaw.blocking, flaw.code, flaw.message, flaw.cure);
  const spoken = [around.prompt, around.welcome_message, around.disclosure].join(" ");
  const unfilled = unknownPlaceholders(spoken, around.own_fields).map((name) => `{${name}}`);
  if (unfilled.length > 0)
    problem(
      false,
      "unknown_placeholder",
      `Nothing fills ${unfilled.join(", ")} in the agent's words.`,
      "Check the spelling on the agent's page, or import a list with that column.",
    );
  if (audience === 0)
    problem(
      true,
      "no_contacts",
      around.import_status === "committing"
        ? "The import behind this list is still being written."
        : "Nobody is on this list.",
      around.import_status === "committing"
        ? "Wait until the import is done, then start."
        : "Choose another list, or import contacts first.",
    );
  else if (eligible === 0)
    problem(
      true,
      "no_eligible_contacts",
      `None of the ${audience} people on this list may be called.`,
      "The reasons stand below, each with its cure.",
      audience,
    );

  const nobody = eligible === 0;
  const kept = (
    reason: string,
    code: Problem["code"],
    message: (people: number) => string,
    cure: string,
    blocks = false,
  ) => {
    const people = because(reason);
    if (people > 0) problem(blocks && nobody, code, message(people), cure, people);
  };
  kept(
    "no_phone",
    "no_phone",
    (n) => `${persons(n)} ${n === 1 ? "has" : "have"} no phone number.`,
    "Add numbers, or go on without them.",
  );
  kept(
    "suppressed",
    "suppressed",
    (n) => `${persons(n)} ${n === 1 ? "is" : "are"} suppressed and never dialled.`,
    "Nothing to do; lift a suppression only if it was a mistake.",
  );
  kept(
    "no_consent",
    "no_consent",
    (n) =>
      `${persons(n)} ${n === 1 ? "has" : "have"} not given the consent that the rules of their country ask for.`,
    "Record the consent on the contacts, or import them again with it.",
    true,
  );
  const unconfirmed = [
    ...new Set(
      groups.flatMap((group) => (group.reason === "destination_not_confirmed" ? group.unconfirmed : [])),
    ),
  ];
  kept(
    "destination_not_confirmed",
    "destination_not_confirmed",
    (n) =>
      `${persons(n)} ${n === 1 ? "is" : "are"} in ${unconfirmed.map(countryName).join(", ")}, where nobody has confirmed that this workspace calls.`,
    "An owner confirms the country under Settings → Calling rules; until then they wait.",
    true,
  );
  kept(
    "zone_unknown",
    "zone_unknown",
    (n) => `The time zone of ${persons(n)} is not known.`,
    "Set the time zone on the contacts: without it nobody knows when they may be called.",
    true,
  );
  kept(
    "zone_never_open",
    "zone_never_open",
    (n) =>
      `For ${persons(n)} no hour of the next 14 days is allowed in every zone they may be in (${zonesText(groups)}).`,
    "Set their time zone, or widen the calling hours.",
    true,
  );

  if (hold > available)
    problem(
      true,
      "credits",
      `${formatCredits(available)} available; one call sets aside ${formatCredits(hold)}.`,
      "Top up, or shorten the agent's longest call.",
    );
  else if (available < eligible * hold)
    problem(
      false,
      "credits",
      `${formatCredits(available)} cover ${Math.floor(available / hold)} of ${eligible} calls at their longest.`,
      "Dialling waits when credits run out and goes on after a top-up.",
      eligible,
    );
  if (campaign.budget_credits !== null && campaign.budget_credits < hold)
    problem(
      true,
      "budget_below_hold",
      `The budget of ${formatCredits(campaign.budget_credits)} is less than the ${formatCredits(hold)} one call sets aside.`,
      "Raise the budget, or shorten the agent's longest call.",
    );
  if (!config.voice.isSandbox && !config.voice.isLoopback && isLocal(config.publicUrl))
    problem(
      true,
      "webhook_unreachable",
      `The voice provider cannot reach ${config.publicUrl}, so no call would ever be seen to end.`,
      "Set PUBLIC_URL to an address the provider can reach and restart.",
    );
  if (campaign.ends_at && campaign.ends_at <= around.now)
    problem(true, "ends_in_past", "The end date has passed.", "Move the end date, or remove it.");
  if (campaign.starts_at && campaign.starts_at <= around.now && campaign.status === "draft")
    problem(false, "starts_in_past", "The start time has passed: it starts at once.", "Nothing to do.");
  if (around.dialling_paused)
    problem(
      false,
      "system_paused",
      "The operator has paused all dialling.",
      "Calls begin when it is resumed.",
    );
  if (around.account_status !== "ok")
    problem(
      false,
      "provider_suspended",
      "The voice provider refuses our key.",
      "Ask the platform admin; calls begin once it is valid again.",
    );
  if (campaign.from_number && around.own_numbers > 0 && !around.number_known)
    problem(
      false,
      "from_number_unknown",
      `${campaign.from_number} is not among your numbers.`,
      "Choose one of yours; the provider may refuse it.",
    );

  const opensAt = groups
    .filter(({ reason, opens_at }) => reason === null && opens_at)
    .map(({ opens_at }) => opens_at!)
    .toSorted()[0];
  if (opensAt && opensAt > around.now)
    problem(
      false,
      "window_closed_until",
      "It is outside the calling hours now.",
      `The first calls go out at ${opensAt}.`,
    );

  const skipped = new Map<string, number>();
  for (const { reason, people } of groups)
    if (reason) skipped.set(reason, (skipped.get(reason) ?? 0) + people);
  return {
    problems: problems.toSorted((a, b) => Number(b.blocking) - Number(a.blocking)),
    ready: problems.every(({ blocking }) => !blocking),
    audience,
    eligible,
    skipped: [...skipped].map(([reason, count]) => ({ reason, count })),
    zones: groups
      .filter(({ reason, zone_set }) => zone_set && (reason === null || reason === "zone_never_open"))
      .map((group) => ({
        zones: group.zone_set.split(","),
        count: group.people,
        opensAt: group.opens_at,
        closesAt: group.closes_at,
      })),
    holdPerCall: hold,
    costCeiling: eligible * hold,
    available: Math.max(0, available),
    lines: { user: around.user_lines, system: around.system_lines },
    groups,
  };
}

function surroundings(tx: Tx, campaign: CampaignRecord): Promise<Surroundings> {
  return row<Surroundings>(
    tx,
    sql`
    select app.now() as now, a.disclosure, a.prompt, a.welcome_message, a.language, u.company, a.status as agent_status, a.bolna_agent_id is not null as at_provider, ${holdPerCall} as hold,
      t.available, t.concurrent_limit as user_lines, s.line_limit as system_lines, s.dialling_paused, s.account_status,
      (select i.status from imports i where i.user_id = k.user_id and i.id = (k.audience ->> 'importId')::uuid) as import_status,
      (select count(*) from phone_numbers p where p.user_id = k.user_id) as own_numbers,
      array(select f.key from custom_fields f where f.user_id = k.user_id) as own_fields,
      exists (select 1 from phone_numbers p where p.user_id = k.user_id and p.phone_number = k.from_number) as number_known
    from call_campaigns k
    join agents a on a.user_id = k.user_id and a.id = k.agent_id
    join users u on u.id = k.user_id
    cross join lateral app.tenant_room(u.id) t
    cross join app.system_room() s
    where k.user_id = ${param(tx.userId)} and k.id = ${param(campaign.id)}`,
  );
}

/** The list by zone set and by what keeps a person from ever being dialled; null = may be called. */
async function audienceGroups(tx: Tx, campaign: CampaignRecord): Promise<Group[]> {
  const { groups } = await row<{ groups: Group[] | null }>(
    tx,
    sql`
    with tenant as (
      select u.rule_set, u.destinations || u.default_region as destinations, greatest(app.now(), ${param(campaign.starts_at)}::timestamptz) as at from users u where u.id = ${param(tx.userId)}
    ),
    person as materialized (
      select c.id, c.phone_number, coalesce(c.country, '**') as country, coalesce(c.zone_set, '') as zone_set
      from contacts c
      where c.user_id = ${param(tx.userId)} and c.erased_at is null and ${inAudience(campaign.audience)}
    ),
    place as materialized (
      select p.country, p.zone_set, r.consent, t.rule_set = 'rehearsal' or p.country = any(t.destinations) as confirmed, o.opens_at, o.closes_at, o.stretches
      from (select distinct country, zone_set from person) p
      cross join tenant t
      cross join lateral (
        select min(s.opens_at) as opens_at, min(s.closes_at) as closes_at,
          jsonb_agg(jsonb_build_array(s.opens_at, s.closes_at) order by s.opens_at) as stretches
        from app.open_stretches(p.zone_set, p.country, t.rule_set, ${param(campaign.window && JSON.stringify(campaign.window))}::jsonb, t.at) s
      ) o
      cross join lateral (
        select r.consent from calling_rules r
        where r.rule_set = t.rule_set and r.country in (p.country, '**')
        order by r.country = '**' limit 1
      ) r
    ),
    judged as (
      select pl.zone_set, pl.opens_at, pl.closes_at, pl.stretches,
        case
          when p.phone_number is null then 'no_phone'
          when exists (
            select 1 from suppressions s
            where s.user_id = ${param(tx.userId)} and s.phone_number = p.phone_number and s.channel in ('all', 'call')) then 'suppressed'
          when p.zone_set = '' then 'zone_unknown'
          when pl.opens_at is null then 'zone_never_open'
          when pl.consent <> 'none' and not exists (
            select 1 from consents t
            where t.user_id = ${param(tx.userId)} and t.contact_id = p.id and t.channel = 'call' and t.revoked_at is null
              and coalesce(t.expires_at > app.now(), true)
              and (pl.consent = 'any' or t.basis = 'written' or (pl.consent = 'express' and t.basis = 'express'))) then 'no_consent'
          when not pl.confirmed then 'destination_not_confirmed'
        end as reason, case when not pl.confirmed then country end as country
      from person p join place pl using (country, zone_set)
    )
    select jsonb_agg(to_jsonb(g)) as groups
    from (
      select zone_set, reason, count(*)::int as people, min(opens_at) as opens_at, min(closes_at) as closes_at,
        (array_agg(stretches))[1] as stretches, array_remove(array_agg(distinct country), null) as unconfirmed
      from judged group by zone_set, reason order by people desc
    ) g`,
  );
  return (groups ?? []).map((group) => ({
    ...group,
    opens_at: iso(group.opens_at),
    closes_at: iso(group.closes_at),
  }));
}

const iso = (at: string | null) => (at === null ? null : new Date(at).toISOString());

const names = new Intl.DisplayNames("en", { type: "region", fallback: "code" });
const countryName = (code: string): string =>
  /^[A-Z]{2}$/.test(code) ? (names.of(code) ?? code) : "no known country";

const persons = (n: number) => (n === 1 ? "1 person on the list" : `${n} people on the list`);

function zonesText(groups: readonly Group[]): string {
  const sets = groups
    .filter(({ reason }) => reason === "zone_never_open")
    .map(({ zone_set }) => zone_set.replaceAll(",", " + "));
  return sets.length > 3 ? `${sets.slice(0, 3).join("; ")} and ${sets.length - 3} more` : sets.join("; ");
}

function isLocal(url: string): boolean {
  return /^(localhost|127\..*|\[::1\]|0\.0\.0\.0|.*\.local)$/.test(new URL(url).hostname);
}
