import type { Balance } from "@parley/core/billing/schema";
import { param, row, sql } from "@parley/db";
import type { Ctx } from "../context.ts";

/** What is there, what unsettled calls hold of it, and what is left for new ones. */
export function balance({ db, user }: Ctx): Promise<Balance> {
  return db.tx((tx) =>
    row<Balance>(tx, sql`select credits, held, available from app.tenant_room(${param(user.id)})`),
  );
}
