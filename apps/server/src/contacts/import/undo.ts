import { importCan } from "@parley/core/imports/status";
import { conflict } from "@parley/core/errors";
import { enqueue, maybeRow, param, row as oneRow, sql, touch, type Tx } from "@parley/db";
import { audit } from "../../audit.ts";
import type { Ctx } from "../../context.ts";
import { keep, lockImport, progressBell, sheetPath, spoolPath, type Held } from "./row.ts";
import { dropStaging } from "./stage.ts";

/** Somebody or something has had to do with `contacts c` since the import of `import_effects e` left it. */
const touched = sql`(
  c.updated_at <> e.left_at
  or exists (select 1 from call_queue q where q.user_id = c.user_id and q.contact_id = c.id)
  or exists (select 1 from calls l where l.user_id = c.user_id and l.contact_id = c.id)
  or exists (select 1 from notes n where n.user_id = c.user_id and n.contact_id = c.id)
  or exists (select 1 from tasks t where t.user_id = c.user_id and t.contact_id = c.id)
  or exists (select 1 from import_effects o
    where o.user_id = c.user_id and o.contact_id = c.id and o.import_id <> e.import_id and o.left_at > e.left_at))`;

/** Takes an import back while nobody has touched any of its contacts; a job does it. */
export function undoImport(ctx: Ctx, { importId }: { importId: string }) {
  return ctx.db.tx(async (tx) => {
    const found = await lockImport(tx, importId);
    const may = importCan.undo(found.status);
    if (!may.ok) throw conflict(may.reason);
    if (found.accepted <= LOOKED_AT_MAX) await refuseIfTouched(tx, importId);
    await tx.query(
      `update imports
       set status = 'undoing', rows_done = 0, tries = 0, started_at = app.wall(), lease_until = app.wall() + interval '30 seconds'
       where user_id = $1 and id = $2`,
      [ctx.user.id, importId],
    );
    await enqueue(tx, "contacts/undo_import", { userId: ctx.user.id, importId });
    await audit(ctx, tx, { action: "import.undone", entity: "import", entityId: importId });
    await touch(tx, "imports", importId);
    return { importId, status: "undoing" as const };
  });
}

/** Beyond this a request could not wait for the answer; the job then leaves those be who were touched. */
const LOOKED_AT_MAX = 200_000;

async function refuseIfTouched(tx: Tx, importId: string): Promise<void> {
  const used = await maybeRow<{ name: string }>(
    tx,
    sql`
    select coalesce(c.name, c.phone_number, 'a contact') as name
    from import_effects e
    join contacts c on c.user_id = e.user_id and c.id = e.contact_id
    where e.user_id = ${param(tx.userId)} and e.import_id = ${param(importId)} and ${touched}
    limit 1`,
  );
  if (used)
    throw conflict(
      `“${used.name}” has been called, queued or edited since. Only an import that nobody has touched can be undone.`,
    );
}

/** Throws away an import before it is committed. The run that has it, if any, is fenced off. */
export function cancelImport(ctx: Ctx, { importId }: { importId: string }) {
  return ctx.db.tx(async (tx) => {
    const found = await lockImport(tx, importId);
    const may = importCan.cancel(found.status);
    if (!may.ok) throw conflict(may.reason);
    await tx.query(
      `update imports
       set status = 'undoing', error = 'Canceled before it was committed.', epoch = epoch + 1, tries = 0, rows_done = 0,
         started_at = app.wall(), lease_until = app.wall() + interval '30 seconds'
       where user_id = $1 and id = $2`,
      [ctx.user.id, importId],
    );
    await enqueue(tx, "contacts/undo_import", { userId: ctx.user.id, importId });
    await audit(ctx, tx, {
      action: "import.canceled",
      entity: "import",
      entityId: importId,
      changes: { status: [found.status, "undoing"] },
    });
    await touch(tx, "imports", importId);
    return { importId, status: "undoing" as const };
  });
}

const STEP = 5_000;

/**
 * The job: takes contacts back in short transactions. Who was touched after the decision stays. An import whose commit
 * had failed ends as failed, with its reason; one that a person took back ends as undone.
 */
export async function runUndo(held: Held): Promise<void> {
  const { ctx, row, signal } = held;
  const bell = progressBell(row.id);
  for (let left = true; left;) {
    signal.throwIfAborted();
    left = await ctx.db.tx(async (tx) => {
      const { n } = await takeBack(tx, row.id);
      await keep(tx, held, sql`tries = 0, rows_done = rows_done + ${param(n)}`);
      await bell(tx);
      return n > 0;
    });
  }
  await ctx.db.tx(async (tx) => {
    await keep(
      tx,
      held,
      sql`status = case when error is null then 'undone' else 'failed' end, finished_at = app.now(), created = 0, updated = 0`,
    );
    await tx.query("update imports set lease_until = null where user_id = $1 and id = $2", [
      ctx.user.id,
      row.id,
    ]);
    await touch(tx, "imports", row.id);
    await touch(tx, "contacts");
  });
  await dropStaging(held);
  await ctx.files.remove(spoolPath(row.id));
  await ctx.files.remove(sheetPath(row.id));
}

/** Some of an import's effects: made contacts are deleted with what hangs on them, changed ones get back what they had. */
async function takeBack(tx: Tx, importId: string): Promise<{ n: number }> {
  // As in the commit: the statistics of tables that have just been filled say "empty".
  await tx.query("set local enable_nestloop = off");
  const user = param(tx.userId);
  const id = param(importId);
  return oneRow<{ n: number }>(
    tx,
    sql`
    with step as materialized (
      select e.contact_id, e.created, e.left_at, e.before, e.tags_added, ${touched} as kept
      from import_effects e
      join contacts c on c.user_id = e.user_id and c.id = e.contact_id
      where e.user_id = ${user} and e.import_id = ${id}
      order by e.contact_id
      limit ${param(STEP)}
    ),
    unmade as (
      delete from contacts c using step s
      where c.user_id = ${user} and c.id = s.contact_id and s.created and not s.kept
      returning c.id
    ),
    restored as (
      update contacts c
      set name = s.before ->> 'name', email = s.before ->> 'email', company = s.before ->> 'company', city = s.before ->> 'city',
        notes = s.before ->> 'notes', custom = s.before -> 'custom'
      from step s
      where c.user_id = ${user} and c.id = s.contact_id and not s.created and not s.kept and s.before is not null
    ),
    untagged as (
      delete from contact_tags t using step s
      where t.user_id = ${user} and t.contact_id = s.contact_id and not s.created and not s.kept and t.tag = any(s.tags_added)
    ),
    revoked as (
      delete from consents k using step s
      where k.user_id = ${user} and k.contact_id = s.contact_id and k.import_id = ${id} and not s.created and not s.kept
    ),
    forgotten as (
      delete from timeline_entries t using step s
      where t.user_id = ${user} and t.contact_id = s.contact_id and t.kind = 'contact.imported' and t.ref = ${id}::text
        and not s.created and not s.kept
    ),
    settled as (
      delete from import_effects e using step s
      where e.user_id = ${user} and e.import_id = ${id} and e.contact_id = s.contact_id and not (s.created and not s.kept)
    )
    select count(*)::int as n from step`,
  );
}
