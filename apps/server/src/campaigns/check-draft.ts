import { fractionalWaits, type Audience, type Retry, type Window } from "@parley/core/campaigns/schema";
import { invalid, type Issue } from "@parley/core/errors";
import { normalizePhoneNumber } from "@parley/core/phone";
import { maybeRow, param, row, sql, type Tx } from "@parley/db";
import type { Config } from "../config.ts";
import { inAudience } from "./audience.ts";

export type DraftFields = {
  agentId?: string | undefined;
  audience?: Audience | undefined;
  fromNumber?: string | null | undefined;
  window?: Window | null | undefined;
  retry?: Retry | undefined;
  callbackAssigneeId?: string | null | undefined;
  endsAt?: string | null | undefined;
};

/**
 * What a schema cannot know: whether the things named exist in this workspace, and whether anybody could ever be
 * called. Names every field at fault at once. Returns the caller number in canonical form.
 */
export async function checkDraft(
  tx: Tx,
  config: Config,
  its: DraftFields,
): Promise<{ fromNumber: string | null }> {
  const issues: Issue[] = [];
  const fault = (path: string, message: string) => void issues.push({ path, message });

  if (its.agentId) {
    const agent = await maybeRow<{ status: string }>(
      tx,
      sql`select status from agents where user_id = ${param(tx.userId)} and id = ${param(its.agentId)}`,
    );
    if (!agent) fault("agentId", "is no agent of this workspace. Choose one under Agents");
    else if (agent.status === "archived") fault("agentId", "is an archived agent. Choose another one");
  }
  if (its.audience) await checkAudience(tx, its.audience, fault);
  if (its.retry && !config.voice.isLoopback)
    for (const path of fractionalWaits(its.retry))
      fault(path, "must be whole minutes with a real voice provider");
  if (its.callbackAssigneeId) {
    const member = await maybeRow(
      tx,
      sql`select 1 as one from members where user_id = ${param(tx.userId)} and person_id = ${param(its.callbackAssigneeId)}`,
    );
    if (!member)
      fault("callbackAssigneeId", "is no member of this workspace. Choose one under Settings → Team");
  }
  if (its.endsAt) {
    const { over } = await row<{ over: boolean }>(
      tx,
      sql`select ${param(its.endsAt)}::timestamptz <= app.now() as over`,
    );
    if (over) fault("endsAt", "must be in the future");
  }
  if (its.window && its.audience && issues.length === 0 && (await neverOpens(tx, its.audience, its.window)))
    fault(
      "window",
      "never opens for anyone on this list within the hours their countries allow. Widen the days or hours",
    );

  const fromNumber = its.fromNumber ? await canonical(tx, its.fromNumber, fault) : null;
  if (issues.length > 0) {
    const [first, ...more] = issues;
    throw invalid(
      `${first!.path} ${first!.message}.${more.length > 0 ? ` (and ${more.length} more)` : ""}`,
      issues,
    );
  }
  return { fromNumber };
}

async function checkAudience(
  tx: Tx,
  audience: Audience,
  fault: (path: string, message: string) => void,
): Promise<void> {
  const importId =
    "importId" in audience ? audience.importId : "filter" in audience ? audience.filter.importId : undefined;
  const path = "importId" in audience ? "audience.importId" : "audience.filter.importId";
  if (importId) {
    const found = await maybeRow<{ status: string }>(
      tx,
      sql`select status from imports where user_id = ${param(tx.userId)} and id = ${param(importId)}`,
    );
    if (!found) fault(path, "is no import of this workspace. Open it under Contacts → Imports");
    else if (found.status !== "done" && found.status !== "committing")
      fault(path, `is an import that stands at “${found.status}”. Commit it first, then use its list`);
  }
  if ("items" in audience) {
    const source = await maybeRow(
      tx,
      sql`select 1 as one from call_campaigns where user_id = ${param(tx.userId)} and id = ${param(audience.items.campaignId)}`,
    );
    if (!source)
      fault("audience.items.campaignId", "is no campaign of this workspace. Open it under Campaigns");
  }
  if ("contactIds" in audience) {
    const { known } = await row<{ known: number }>(
      tx,
      sql`select count(*) as known from contacts where user_id = ${param(tx.userId)} and id = any(${param(audience.contactIds)}::uuid[])`,
    );
    const asked = new Set(audience.contactIds).size;
    if (known < asked)
      fault(
        "audience.contactIds",
        `names ${asked - known} of ${asked} that are no contacts of this workspace`,
      );
  }
}

/** No country and zone on the list has an hour in the next 14 days that both its law and the window allow. */
export async function neverOpens(tx: Tx, audience: Audience, window: Window | null): Promise<boolean> {
  const { groups, open } = await row<{ groups: number; open: number }>(
    tx,
    sql`
    with place as (
      select distinct coalesce(c.country, '**') as country, c.zone_set
      from contacts c
      where c.user_id = ${param(tx.userId)} and c.phone_number is not null and c.zone_set <> '' and ${inAudience(audience)}
    )
    select count(*) as groups, count(o.opens_at) as open
    from place p
    join users u on u.id = ${param(tx.userId)}
    left join lateral app.next_open(p.zone_set, p.country, u.rule_set, ${param(window && JSON.stringify(window))}::jsonb, app.now()) o on true`,
  );
  return groups > 0 && open === 0;
}

async function canonical(
  tx: Tx,
  raw: string,
  fault: (path: string, message: string) => void,
): Promise<string | null> {
  const { default_region } = await row<{ default_region: string }>(
    tx,
    sql`select default_region from users where id = ${param(tx.userId)}`,
  );
  const phone = normalizePhoneNumber(raw, default_region);
  if (phone.ok) return phone.phoneNumber;
  fault("fromNumber", "is no phone number. Write it with its country code, like +91 9876543210");
  return null;
}
