import { defaultDisclosure } from "@parley/core/agents/disclosure";
import { defaultMaxCallSeconds, type Agent, type AgentDraft } from "@parley/core/agents/schema";
import { enqueue, param, row, sql, touch, type Tx } from "@parley/db";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import { checkWords } from "./check-words.ts";
import { callerNumber } from "./caller-number.ts";
import { mirrorNow } from "./mirror-now.ts";
import { agentById } from "./row.ts";
import { keepVersion } from "./versions.ts";
import { addWebhookKey } from "./webhook-keys.ts";

/**
 * An agent here, and its mirror at the voice provider. The row comes first: if the provider does not answer in time,
 * the agent is returned as pending and the job finishes it.
 */
export async function createAgent(ctx: Ctx, draft: AgentDraft): Promise<Agent> {
  const agentId = await ctx.db.tx((tx) => insert(ctx, tx, draft));
  await mirrorNow(ctx, agentId);
  return ctx.db.tx((tx) => agentById(tx, agentId));
}

async function insert(ctx: Ctx, tx: Tx, draft: AgentDraft): Promise<string> {
  const { company, default_region } = await row<{ company: string; default_region: string }>(
    tx,
    sql`select company, default_region from users where id = ${param(ctx.user.id)}`,
  );
  const language = draft.language ?? "en";
  const disclosure = draft.disclosure ?? defaultDisclosure(language, company);
  checkWords({ disclosure, prompt: draft.prompt, language, company });
  const { id } = await row<{ id: string }>(
    tx,
    sql`
    insert into agents (user_id, name, prompt, welcome_message, disclosure, language, bolna_voice_config, max_call_seconds,
      extraction, from_number, provider_account_id, created_by)
    select ${param(ctx.user.id)}, ${param(draft.name)}, ${param(draft.prompt)}, ${param(draft.welcomeMessage)},
      ${param(disclosure)}, ${param(language)},
      ${param(JSON.stringify(voiceOf(draft.voice)))}::jsonb, ${param(draft.maxCallSeconds ?? defaultMaxCallSeconds)},
      ${param(JSON.stringify(draft.extraction ?? []))}::jsonb, ${param(callerNumber(draft.fromNumber, default_region))},
      p.id, ${param(ctx.person?.id ?? null)}
    from provider_accounts p where p.name = 'platform'
    returning id`,
  );
  await addWebhookKey(tx, id, ctx.config.keys.encryption);
  await keepVersion(ctx, tx, id);
  await audit(ctx, tx, { action: "agent.created", entity: "agent", entityId: id });
  // The job finishes what this request could not; after a success it merely compares the two.
  await enqueue(
    tx,
    "agents/sync",
    { userId: ctx.user.id, agentId: id },
    { runAt: new Date(Date.now() + 30_000) },
  );
  await touch(tx, "agents", id);
  return id;
}

/** A voice given by its name alone is looked up when the agent is mirrored. */
export const voiceOf = (voice: AgentDraft["voice"]) =>
  typeof voice === "string" ? { voice } : (voice ?? {});
