import type { Tx } from "@parley/db";
import type { Ctx } from "./context.ts";

export type Audited = {
  /** A fact in the past tense: `agent.updated`. */
  action: string;
  entity?: string;
  entityId?: string;
  /** Field → [before, after]. Never a password, key or transcript. */
  changes?: Record<string, readonly [before: unknown, after: unknown]>;
};

/** Writes down who changed what, in the transaction of the change. */
export async function audit(
  ctx: Pick<Ctx, "person" | "actor" | "requestId">,
  tx: Tx,
  { action, entity, entityId, changes = {} }: Audited,
): Promise<void> {
  await tx.query(
    `insert into audit_log (user_id, person_id, actor, action, entity, entity_id, changes, request_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      tx.userId,
      ctx.person?.id ?? null,
      ctx.actor,
      action,
      entity ?? null,
      entityId ?? null,
      JSON.stringify(changes),
      ctx.requestId,
    ],
  );
}

/** The fields of a patch that really differ, as [before, after]. */
export function changed<T extends object>(
  before: T,
  after: Partial<T>,
): Record<string, readonly [unknown, unknown]> {
  return Object.fromEntries(
    (Object.keys(after) as (keyof T & string)[])
      .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
      .map((field) => [field, [before[field], after[field]] as const]),
  );
}
