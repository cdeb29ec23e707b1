import type { Agent, AgentRow } from "@parley/core/agents/schema";
import { param, rows, sql } from "@parley/db";
import * as z from "zod";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";
import { agentById, agentColumns } from "./row.ts";

export function getAgent(ctx: Ctx, { agentId }: { agentId: string }): Promise<Agent> {
  return ctx.db.tx((tx) => agentById(tx, agentId));
}

/** Agents, newest first, each with what its calls came to. */
export function listAgents(ctx: Ctx, input: PageInput & { status?: Agent["status"] | undefined }) {
  return ctx.db.tx(async (tx) => {
    const after = cursorOf(input, z.object({ id: z.uuid() }));
    const found = await rows<AgentRow>(
      tx,
      sql`
      select ${agentColumns}, calls.calls, calls.answered, calls."talkSeconds", calls."spentCredits",
        (select count(*)::int from call_campaigns k
         where k.user_id = a.user_id and k.agent_id = a.id and k.status = 'running') as "runningCampaigns"
      from agents a
      cross join lateral (
        select count(*)::int as calls,
          count(*) filter (where c.outcome = 'answered')::int as answered,
          coalesce(sum(c.talk_seconds), 0)::bigint as "talkSeconds",
          coalesce(sum(c.price_credits), 0)::bigint as "spentCredits"
        from calls c
        where c.user_id = a.user_id and c.agent_id = a.id
      ) calls
      where a.user_id = ${param(ctx.user.id)}
        and (${param(input.status ?? null)}::text is null or a.status = ${param(input.status ?? null)})
        and (${param(after?.id ?? null)}::uuid is null or a.id < ${param(after?.id ?? null)}::uuid)
      order by a.id desc
      limit ${param(fetchLimit(input))}`,
    );
    return pageOf(
      found,
      input,
      ({ id }) => ({ id }),
      (agent) => agent,
    );
  });
}
