import { agentCan } from "@parley/core/agents/can";
import type { Agent, AgentPatch } from "@parley/core/agents/schema";
import { conflict } from "@parley/core/errors";
import { enqueue, param, row, rows, sql, touch, type Tx } from "@parley/db";
import { audit, changed } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { checkWords } from "./check-words.ts";
import { callerNumber } from "./caller-number.ts";
import { voiceOf } from "./create.ts";
import { mirrorNow } from "./mirror-now.ts";
import { agentById } from "./row.ts";
import { keepVersion } from "./versions.ts";

/** Changes an agent here as a new version, then at the provider. Calls that are on keep what they began with. */
export async function updateAgent(ctx: Ctx, patch: AgentPatch): Promise<Agent> {
  const edited = await ctx.db.tx((tx) => write(ctx, tx, patch));
  if (edited) await mirrorNow(ctx, patch.agentId);
  return ctx.db.tx((tx) => agentById(tx, patch.agentId));
}

async function write(
  ctx: Ctx,
  tx: Tx,
  { agentId, voice, fromNumber, ...fields }: AgentPatch,
): Promise<boolean> {
  await lockAgent(tx, agentId);
  const before = await agentById(tx, agentId);
  const may = agentCan.update(before.status);
  if (!may.ok) throw conflict(may.reason);
  const { default_region, company } = await row<{ default_region: string; company: string }>(
    tx,
    sql`select default_region, company from users where id = ${param(ctx.user.id)}`,
  );
  const after: Agent = {
    ...before,
    ...definedOf(fields),
    ...(voice === undefined ? {} : { voice: voiceOf(voice) }),
    ...(fromNumber === undefined ? {} : { fromNumber: callerNumber(fromNumber, default_region) }),
  };
  const changes = changed(before, after);
  if (Object.keys(changes).length === 0) return false;
  if (["disclosure", "prompt", "language"].some((field) => field in changes))
    checkWords({ ...after, company });
  await tx.query(
    sql`
    update agents
    set name = ${param(after.name)}, prompt = ${param(after.prompt)}, welcome_message = ${param(after.welcomeMessage)},
      disclosure = ${param(after.disclosure)}, language = ${param(after.language)},
      bolna_voice_config = ${param(JSON.stringify(after.voice))}::jsonb, max_call_seconds = ${param(after.maxCallSeconds)},
      extraction = ${param(JSON.stringify(after.extraction))}::jsonb, from_number = ${param(after.fromNumber)},
      version = version + 1, sync_status = 'pending', sync_error = null
    where user_id = ${param(ctx.user.id)} and id = ${param(agentId)}`.compile(),
  );
  await keepVersion(ctx, tx, agentId);
  if (changes["maxCallSeconds"]) await newHolds(tx, agentId);
  await audit(ctx, tx, { action: "agent.updated", entity: "agent", entityId: agentId, changes });
  await enqueue(
    tx,
    "agents/sync",
    { userId: ctx.user.id, agentId },
    { runAt: new Date(Date.now() + 30_000) },
  );
  await touch(tx, "agents", agentId);
  return true;
}

/** A longer call holds more credits: the lanes of its campaigns say whether there is room for one. */
async function newHolds(tx: Tx, agentId: string): Promise<void> {
  await rows(
    tx,
    sql`
    select app.relane(k.user_id, k.id) from call_campaigns k
    where k.user_id = ${param(tx.userId)} and k.agent_id = ${param(agentId)} and k.status in ('running', 'paused', 'scheduled')`,
  );
  tx.wake("dispatch");
}

/** Two edits of one agent come one after the other. */
export async function lockAgent(tx: Tx, agentId: string): Promise<void> {
  await tx.query("select 1 from agents where user_id = $1 and id = $2 for no key update", [
    tx.userId,
    agentId,
  ]);
}

const definedOf = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
