import type { Me } from "@parley/core/accounts/schema";
import { ParleyError } from "@parley/core/errors";
import { param, row, sql } from "@parley/db";
import type { RequestContext } from "../trpc.ts";
import { membershipsOf } from "./sign-in.ts";
import { sessionView } from "./view.ts";

/** Who I am, where I belong, and what the installation runs on. */
export async function me(ctx: RequestContext): Promise<Me> {
  const { parts, visitor } = ctx;
  const person = await personOf(ctx);
  const memberships = await membershipsOf(ctx, person.id);
  const here = memberships.some(({ userId }) => userId === visitor?.userId) ? visitor?.userId : null;
  return {
    person,
    memberships,
    current: here ? await sessionView(parts, person, here) : null,
    surroundings: await surroundings(ctx, here ?? null),
  };
}

/** The person behind a session, or the one who made the key. */
async function personOf({ parts, visitor }: RequestContext): Promise<Me["person"]> {
  if (visitor?.person) return visitor.person;
  if (!visitor?.userId) throw new ParleyError("not_signed_in", "Sign in first.");
  return parts.db.web.tx(visitor.userId, (tx) =>
    row<Me["person"]>(
      tx,
      sql`select t.person_id as id, t.email, t.name, ${param(visitor.isPlatformAdmin)}::boolean as "isPlatformAdmin"
        from api_keys k join app.team() t on t.person_id = k.created_by
        where k.user_id = ${param(visitor.userId)} and k.id = ${param(visitor.actor.slice("key:".length))}`,
    ),
  );
}

async function surroundings({ parts }: RequestContext, userId: string | null): Promise<Me["surroundings"]> {
  const { config, db } = parts;
  const read = sql`select app.now() as now, s.clock_scale as "clockScale",
      (select u.rule_set from users u where u.id = app.user_id()) as "ruleSet"
    from system_settings s`;
  type Found = { now: string; clockScale: number; ruleSet: "by-country" | "rehearsal" | null };
  const found = userId
    ? await db.web.tx(userId, (tx) => row<Found>(tx, read))
    : await row<Found>(db.web.pool, read);
  const providers = {
    voice: config.voice,
    analysis: config.analysis,
    whatsapp: config.whatsapp,
    calendar: config.calendar,
  } as const;
  return {
    sandbox: (Object.keys(providers) as (keyof typeof providers)[]).filter(
      (name) => providers[name].isSandbox,
    ),
    ruleSet: found.ruleSet ?? config.defaultRuleSet,
    now: found.now,
    clockScale: found.clockScale,
  };
}
