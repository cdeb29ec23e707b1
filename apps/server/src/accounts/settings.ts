import type { Settings, SettingsPatch } from "@parley/core/accounts/schema";
import { invalid, ParleyError } from "@parley/core/errors";
import { param, row, rows, sql, touch, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";
import { audit, changed } from "../audit.ts";

/** The workspace's own settings, with the limits that others set for it. */
export function getSettings({ db, config }: Ctx): Promise<Settings> {
  return db.tx((tx) => read(tx, config.voice.isLoopback));
}

async function read(tx: Tx, mayRehearse: boolean): Promise<Settings> {
  const found = await row<
    Omit<Settings, "frequencyCap" | "ruleSetLocked"> & {
      dialsMax: number | null;
      answeredMax: number | null;
      days: number;
    }
  >(
    tx,
    sql`select u.company, u.email, u.time_zone as "timeZone", u.default_region as "defaultRegion", u.rule_set as "ruleSet",
        u.frequency_dials_max as "dialsMax", u.frequency_answered_max as "answeredMax", u.frequency_days as days,
        u.pulse_seconds as "pulseSeconds", u.pulse_credits as "pulseCredits", u.message_credits as "messageCredits",
        u.confirm_above as "confirmAbove", u.concurrent_limit as "concurrentLimit", s.concurrent_calls_limit as "systemLimit"
      from users u cross join system_settings s
      where u.id = app.user_id()`,
  );
  const { dialsMax, answeredMax, days, ...settings } = found;
  return { ...settings, frequencyCap: { dialsMax, answeredMax, days }, ruleSetLocked: !mayRehearse };
}

/** Changes what is named. A change of rules is felt by everything that still waits to be dialled. */
export async function updateSettings(ctx: Ctx, patch: SettingsPatch): Promise<Settings> {
  const mayRehearse = ctx.config.voice.isLoopback;
  if (patch.ruleSet === "rehearsal" && !mayRehearse)
    throw invalid("ruleSet: calls are real here, so the rules of each country cannot be switched off.");
  return ctx.db.tx(async (tx) => {
    await rows(tx, sql`select 1 from users where id = app.user_id() for no key update`);
    const before = await read(tx, mayRehearse);
    // Where calls go is a person's word: a key that got lost must not move the workspace to costly numbers.
    if (patch.defaultRegion !== undefined && patch.defaultRegion !== before.defaultRegion && !ctx.person)
      throw new ParleyError(
        "not_allowed",
        "An API key cannot move the workspace to another country. Sign in with your password instead.",
      );
    const after = { ...before, ...patch };
    await rows(
      tx,
      sql`update users
        set company = ${param(after.company)}, email = ${param(after.email)}, time_zone = ${param(after.timeZone)},
          default_region = ${param(after.defaultRegion)}, rule_set = ${param(after.ruleSet)},
          frequency_dials_max = ${param(after.frequencyCap.dialsMax)}, frequency_answered_max = ${param(after.frequencyCap.answeredMax)},
          frequency_days = ${param(after.frequencyCap.days)}, confirm_above = ${param(after.confirmAbove)}
        where id = app.user_id()`,
    );
    const changes = changed(before, patch);
    if (Object.keys(changes).length === 0) return before;
    if ("ruleSet" in changes || "frequencyCap" in changes) await reconsider(tx);
    await audit(ctx, tx, { action: "settings.updated", entity: "workspace", entityId: ctx.user.id, changes });
    await touch(tx, "settings");
    return after;
  });
}

/** Items put off by the old rules are due again, and every lane's stretch of hours is over; the tick gives it the next one. */
async function reconsider(tx: Tx): Promise<void> {
  await rows(
    tx,
    sql`update call_queue set due_at = app.now(), wait_reason = null
      where user_id = app.user_id() and status = 'pending'
        and wait_reason in ('frequency_cap', 'window_closed')`,
  );
  await rows(
    tx,
    sql`update call_lanes
      set closes_at = app.now(), next_due_at = case when blocked_by is null then least(next_due_at, app.now()) else next_due_at end
      where user_id = app.user_id() and not paused`,
  );
  tx.wake("dispatch");
}
