import type { OpsView, Result } from "@parley/core/ops/schema";
import type { Ctx } from "../context.ts";

const ROWS_DEFAULT = 200;

/** The rows of one view of schema `ops`, over all tenants, as the read-only login sees them. */
export async function queryView(
  ctx: Ctx,
  { view, limit = ROWS_DEFAULT }: { view: OpsView; limit?: number | undefined },
): Promise<Result> {
  // The name is one of a closed list; identifiers cannot be parameters.
  const found = await ctx.ro.query<unknown[]>({
    text: `select * from ops.${view} limit $1`,
    values: [limit + 1],
    rowMode: "array",
  });
  return {
    columns: found.fields.map(({ name }) => name),
    rows: found.rows.slice(0, limit),
    truncated: found.rows.length > limit,
  };
}
