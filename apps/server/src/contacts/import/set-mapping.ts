import {
  changeMapping,
  doubledFields,
  missingFields,
  type ColumnMapping,
} from "@parley/core/contacts/csv-map";
import { importCan } from "@parley/core/imports/status";
import { conflict, invalid } from "@parley/core/errors";
import { enqueue, param, sql, touch } from "@parley/db";
import { audit, changed } from "../../audit.ts";
import type { Ctx } from "../../context.ts";
import { lockImport } from "./row.ts";

/** Says which column is which field; what is not named stays as it was. All rows are checked again by it. */
export function setMapping(
  ctx: Ctx,
  { importId, mapping: change }: { importId: string; mapping: ColumnMapping },
) {
  return ctx.db.tx(async (tx) => {
    const found = await lockImport(tx, importId);
    const may = importCan.setMapping(found.status);
    if (!may.ok) throw conflict(may.reason);
    const { mapping, unknown } = changeMapping(found.mapping, change);
    if (unknown.length > 0)
      throw invalid(
        `mapping: the file has no column “${unknown[0]}”. Its columns are: ${found.headers.slice(0, 20).join(", ")}.`,
        unknown.map((header) => ({ path: `mapping.${header}`, message: "is no column of the file" })),
      );
    const doubled = doubledFields(mapping);
    if (doubled.length > 0)
      throw invalid(`mapping: two columns go to ${doubled.join(" and ")}. Leave one of them out.`, [
        { path: "mapping", message: `names ${doubled.join(", ")} twice` },
      ]);
    const missing = missingFields(mapping);
    const status = missing.length === 0 ? ("validating" as const) : ("mapping" as const);
    await tx.query(
      sql`
      update imports
      set mapping = ${param(JSON.stringify(mapping))}::jsonb, status = ${param(status)}, restage = true, tries = 0, rows_done = 0,
        bytes_done = 0, rows = 0, accepted = 0, rejected = 0, duplicates = 0, reasons = '{}', preview = '[]', started_at = app.wall(),
        epoch = epoch + 1, lease_until = case when ${param(status === "validating")} then app.wall() + interval '30 seconds' end
      where user_id = ${param(ctx.user.id)} and id = ${param(importId)}`.compile(),
    );
    await audit(ctx, tx, {
      action: "import.mapped",
      entity: "import",
      entityId: importId,
      changes: changed(found.mapping, mapping),
    });
    if (status === "validating") await enqueue(tx, "contacts/import", { userId: ctx.user.id, importId });
    await touch(tx, "imports", importId);
    return { importId, status };
  });
}
