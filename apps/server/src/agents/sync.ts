import type { Voice } from "@parley/core/agents/schema";
import { asParleyError } from "@parley/core/errors";
import { enqueue, maybeRow, param, row, sql, touch, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";
import { bodyOf, defaultVoice, driftOf, type BolnaAgent, type Mirrored } from "../providers/bolna-agent.ts";
import { retireKeysBefore, webhookBase, webhookKey } from "./webhook-keys.ts";

type Row = Mirrored & {
  id: string;
  sync_status: "pending" | "synced" | "failed" | "drifted";
  bolna_agent_id: string | null;
  create_sent_at: string | null;
  version: number;
  lease: string;
};

/** `busy`: another process is at it. `done`: for now; whatever has to follow has been rung for. */
export type SyncResult = "busy" | "done";

type End =
  | { kind: "synced"; bolnaAgentId: string; voice: Voice }
  | { kind: "compared"; drift: ReturnType<typeof driftOf> }
  | { kind: "failed"; message: string; retrySeconds: number | null };

const LEASE_SECONDS = 60;

/**
 * Makes the provider's agent the same as ours (pending), or compares the two (synced). One process at a time: creating
 * is not idempotent over there. A failure is written on the agent and never thrown.
 */
export async function syncAgent(ctx: Ctx, { agentId }: { agentId: string }): Promise<SyncResult> {
  const agent = await ctx.db.tx((tx) => takeLease(tx, agentId));
  if (agent === null) return "done";
  if (agent === "busy") return "busy";
  const base = webhookBase(ctx.config);
  const { id: keyId, key } = await ctx.db.tx((tx) => webhookKey(tx, agentId, ctx.config.keys.encryption));
  const toBePushed = agent.sync_status === "pending" || agent.sync_status === "failed";
  const end = await (
    toBePushed ? push(ctx, agent, `${base}/${key}`) : compare(ctx, agent, `${base}/${key}`)
  ).catch((error): End => {
    const { message, retryable, retryAfterSeconds } = asParleyError(error);
    return { kind: "failed", message, retrySeconds: retryable === false ? null : (retryAfterSeconds ?? 30) };
  });
  if (end.kind === "failed")
    ctx.log.warn({ agent: { id: agentId } }, `[Agents] not mirrored: ${end.message}`);
  await ctx.db.tx((tx) => writeDown(tx, agent, toBePushed, end, { base, keyId }));
  return "done";
}

async function takeLease(tx: Tx, agentId: string): Promise<Row | "busy" | null> {
  const taken = await maybeRow<Row>(
    tx,
    sql`
    update agents
    set sync_lease_until = app.wall() + make_interval(secs => ${param(LEASE_SECONDS)})
    where user_id = ${param(tx.userId)} and id = ${param(agentId)} and status = 'active'
      and coalesce(sync_lease_until <= app.wall(), true)
    returning id, sync_status, bolna_agent_id, create_sent_at, version, sync_lease_until::text as lease,
      name, prompt, welcome_message, disclosure, language, max_call_seconds, bolna_voice_config as voice`,
  );
  if (taken) return taken;
  const known = await maybeRow(
    tx,
    sql`select 1 as one from agents where user_id = ${param(tx.userId)} and id = ${param(agentId)} and status = 'active'`,
  );
  return known ? "busy" : null;
}

async function push(ctx: Ctx, agent: Row, webhookUrl: string): Promise<End> {
  const { bolna } = ctx.providers;
  const voice = agent.voice.provider ? (agent.voice as Voice) : await voiceNamed(ctx, agent.voice.voice);
  const mirrored = { ...agent, voice };
  let id = agent.bolna_agent_id;
  let theirs = id ? await bolna.getAgent(id) : null;
  if (!theirs && agent.create_sent_at) theirs = await findOurs(ctx, webhookUrl);
  if (!theirs) {
    await ctx.db.tx((tx) => markCreateSent(tx, agent.id, true));
    const made = await bolna.createAgent(bodyOf(mirrored, webhookUrl, null));
    if (made.kind === "accepted") return { kind: "synced", bolnaAgentId: made.agentId, voice };
    if (made.kind !== "ambiguous") {
      await ctx.db.tx((tx) => markCreateSent(tx, agent.id, false));
      return made.kind === "rate_limited"
        ? {
            kind: "failed",
            message: "The voice provider asks us to slow down.",
            retrySeconds: Math.ceil((made.retryAfterMs ?? 20_000) / 1000),
          }
        : {
            kind: "failed",
            message: `The voice provider refused the agent: ${made.message}`,
            retrySeconds: made.credential ? 300 : null,
          };
    }
    theirs = await findOurs(ctx, webhookUrl);
    if (!theirs)
      return {
        kind: "failed",
        message: `The voice provider gave no clear answer (${made.reason})`,
        retrySeconds: 30,
      };
  }
  id = theirs.id;
  await bolna.putAgent(id, bodyOf(mirrored, webhookUrl, theirs));
  return { kind: "synced", bolnaAgentId: id, voice };
}

/** The agent that an unanswered create may have made: our key stands in its webhook address, and nobody else's. */
async function findOurs(ctx: Ctx, webhookUrl: string): Promise<BolnaAgent | null> {
  const key = webhookUrl.slice(webhookUrl.lastIndexOf("/"));
  const all = await ctx.providers.bolna.listAgents();
  return all.find(({ webhook_url }) => webhook_url?.endsWith(key)) ?? null;
}

/** A voice by its name, looked up at the provider; without a name, or without an answer, the default one. */
async function voiceNamed(ctx: Ctx, name: string | undefined): Promise<Voice> {
  if (!name) return defaultVoice;
  const voices = await ctx.providers.bolna.voices().catch(() => []);
  const wanted = name.toLowerCase();
  const found = voices.find((voice) =>
    [voice.name.toLowerCase(), voice.voice_id.toLowerCase()].includes(wanted),
  );
  if (!found) return { provider: defaultVoice.provider, voice: name };
  return {
    provider: found.provider,
    voice: found.name,
    voiceId: found.voice_id,
    ...(found.model ? { model: found.model } : {}),
  };
}

async function compare(ctx: Ctx, agent: Row, webhookUrl: string): Promise<End> {
  const theirs = agent.bolna_agent_id ? await ctx.providers.bolna.getAgent(agent.bolna_agent_id) : null;
  return {
    kind: "compared",
    drift: theirs ? driftOf(agent, webhookUrl, theirs) : { agent: ["present", "deleted at the provider"] },
  };
}

async function markCreateSent(tx: Tx, agentId: string, sent: boolean): Promise<void> {
  await tx.query(
    `update agents set create_sent_at = case when $3 then app.wall() end where user_id = $1 and id = $2`,
    [tx.userId, agentId, sent],
  );
}

/** Only while the lease is still ours; what was edited meanwhile is sent once more. */
async function writeDown(
  tx: Tx,
  agent: Row,
  pushing: boolean,
  end: End,
  sent: { base: string; keyId: string },
): Promise<void> {
  const mine = sql`user_id = ${param(tx.userId)} and id = ${param(agent.id)} and sync_lease_until = ${param(agent.lease)}::timestamptz`;
  if (end.kind === "failed") {
    // A comparison that failed says nothing about the agent.
    await tx.query(
      sql`
      update agents
      set sync_lease_until = null, sync_error = ${param(pushing ? end.message : null)},
        sync_status = case when ${param(pushing && end.retrySeconds === null)} then 'failed' else sync_status end
      where ${mine}`.compile(),
    );
    if (pushing && end.retrySeconds !== null) await ringLater(tx, agent.id, end.retrySeconds);
  } else if (end.kind === "compared") {
    await tx.query(
      sql`
      update agents
      set sync_lease_until = null, drift_checked_at = app.wall(), drift = ${param(end.drift && JSON.stringify(end.drift))}::jsonb,
        sync_status = case when sync_status = 'pending' then 'pending' else ${param(end.drift ? "drifted" : "synced")} end
      where ${mine}`.compile(),
    );
  } else {
    const { current } = await row<{ current: boolean }>(
      tx,
      sql`
      with newest_key as (
        select id from agent_webhook_keys
        where user_id = ${param(tx.userId)} and agent_id = ${param(agent.id)} and retired_at is null
        order by created_at desc, id desc
        limit 1
      )
      update agents a
      set sync_lease_until = null, create_sent_at = null, bolna_agent_id = ${param(end.bolnaAgentId)},
        bolna_voice_config = case when k.unedited then ${param(JSON.stringify(end.voice))}::jsonb else a.bolna_voice_config end,
        sync_status = case when k.unedited then 'synced' else 'pending' end,
        sync_error = null, synced_at = app.now(), drift = null, drift_checked_at = app.wall(), webhook_base = ${param(sent.base)}
      from (
        select a.version = ${param(agent.version)} and n.id = ${param(sent.keyId)} as unedited
        from agents a, newest_key n
        where a.user_id = ${param(tx.userId)} and a.id = ${param(agent.id)}
      ) k
      where ${mine}
      returning k.unedited as current`,
      "The agent was mirrored by another process meanwhile.",
    );
    await retireKeysBefore(tx, agent.id, sent.keyId);
    if (!current) await ringLater(tx, agent.id, 1);
  }
  await touch(tx, "agents", agent.id);
}

async function ringLater(tx: Tx, agentId: string, seconds: number): Promise<void> {
  await enqueue(
    tx,
    "agents/sync",
    { userId: tx.userId!, agentId },
    { runAt: new Date(Date.now() + seconds * 1000) },
  );
}
