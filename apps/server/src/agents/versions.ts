import { param, sql, type Tx } from "@parley/db";
import type { Ctx } from "../context.ts";

/** Keeps what an agent says at its present version: a call names the version it used. */
export async function keepVersion(ctx: Ctx, tx: Tx, agentId: string): Promise<void> {
  await tx.query(
    sql`
    insert into agent_versions (user_id, agent_id, version, config, created_by)
    select a.user_id, a.id, a.version,
      jsonb_build_object('name', a.name, 'prompt', a.prompt, 'welcomeMessage', a.welcome_message, 'disclosure', a.disclosure,
        'language', a.language, 'voice', a.bolna_voice_config, 'maxCallSeconds', a.max_call_seconds,
        'extraction', a.extraction, 'fromNumber', a.from_number),
      ${param(ctx.person?.id ?? null)}
    from agents a
    where a.user_id = ${param(ctx.user.id)} and a.id = ${param(agentId)}
    on conflict (user_id, agent_id, version) do nothing`.compile(),
  );
}
