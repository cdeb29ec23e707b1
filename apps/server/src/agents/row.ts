import type { Agent } from "@parley/core/agents/schema";
import { notFound } from "@parley/core/errors";
import { maybeRow, param, sql, type Tx } from "@parley/db";

/** The columns of an agent under the names of its schema. */
export const agentColumns = sql`
  a.id, a.name, a.status, a.bolna_agent_id as "bolnaAgentId", a.sync_status as "syncStatus", a.sync_error as "syncError",
  a.synced_at as "syncedAt", a.drift, a.prompt, a.welcome_message as "welcomeMessage", a.disclosure, a.language,
  a.bolna_voice_config as voice, a.max_call_seconds as "maxCallSeconds", a.extraction, a.from_number as "fromNumber",
  a.version, a.created_at as "createdAt", a.updated_at as "updatedAt", a.archived_at as "archivedAt"`;

/** An agent of this tenant, or `not_found`. */
export async function agentById(tx: Tx, agentId: string): Promise<Agent> {
  const agent = await maybeRow<Agent>(
    tx,
    sql`select ${agentColumns} from agents a where a.user_id = ${param(tx.userId)} and a.id = ${param(agentId)}`,
  );
  if (!agent) throw notFound("agent");
  return agent;
}
