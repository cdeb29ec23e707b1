import { importCan } from "@parley/core/imports/status";
import { conflict } from "@parley/core/errors";
import { enqueue, maybeRow, param, row as oneRow, rows, sql, touch, type Tx } from "@parley/db";
import { audit } from "../../audit.ts";
import type { Ctx } from "../../context.ts";
import { keep, lockImport, progressBell, type Held } from "./row.ts";
import { tidy } from "./tidy.ts";

/** What nobody leaves on `contacts c` without having had to do with them. */
const used = sql`(
  exists (select 1 from call_queue q where q.user_id = c.user_id and q.contact_id = c.id)
  or exists (select 1 from calls l where l.user_id = c.user_id and l.contact_id = c.id)
  or exists (select 1 from notes n where n.user_id = c.user_id and n.contact_id = c.id)
  or exists (select 1 from tasks t where t.user_id = c.user_id and t.contact_id = c.id))`;

/** Somebody or something has had to do with `contacts c` since their import made them. */
const touchedSinceMade = sql`(
  not exists (select 1 from import_chunks k where k.user_id = c.user_id and k.import_id = c.import_id and k.left_at = c.updated_at)
  or exists (select 1 from import_effects o where o.user_id = c.user_id and o.contact_id = c.id)
  or ${used})`;

/** The same of `contacts c` that were known before, since the import of `import_effects e` left them. */
const touchedSinceMet = sql`(
  c.updated_at <> e.left_at
  or exists (select 1 from import_effects o
    where o.user_id = c.user_id and o.contact_id = c.id and o.import_id <> e.import_id and o.left_at > e.left_at)
  or ${used})`;

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
  const user = param(tx.userId);
  const id = param(importId);
  const name = sql`coalesce(c.name, c.phone_number, 'a contact') as name`;
  const touched = await maybeRow<{ name: string }>(
    tx,
    sql`
    (select ${name} from contacts c where c.user_id = ${user} and c.import_id = ${id} and ${touchedSinceMade} limit 1)
    union all
    (select ${name} from import_effects e join contacts c on c.user_id = e.user_id and c.id = e.contact_id
      where e.user_id = ${user} and e.import_id = ${id} and ${touchedSinceMet} limit 1)
    limit 1`,
  );
  if (touched)
    throw conflict(
      `“${touched.name}” has been called, queued or edited since. Only an import that nobody has touched can be undone.`,
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
/** Before every id. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

/**
 * The job: takes contacts back in short transactions. Who was touched after the decision stays. An import whose commit
 * had failed ends as failed, with its reason; one that a person took back ends as undone.
 */
export async function runUndo(held: Held): Promise<void> {
  const { ctx, row, signal } = held;
  const bell = progressBell(row.id);
  for (const step of [unmake, giveBack]) {
    for (let after: string | null = NOBODY; after !== null;) {
      signal.throwIfAborted();
      const from: string = after;
      after = await ctx.db.tx(async (tx) => {
        // As in the commit: the statistics of tables that have just been filled say "empty".
        await tx.query("set local enable_nestloop = off");
        const { n, last } = await step(tx, row.id, from);
        // whoever goes on after a crash meets those again that stay
        await keep(tx, held, sql`tries = 0, rows_done = least(rows, rows_done + ${param(n)})`);
        await bell(tx);
        return last;
      });
    }
  }
  await ctx.db.tx(async (tx) => {
    await keep(
      tx,
      held,
      sql`status = case when error is null then 'undone' else 'failed' end, finished_at = app.now(), created = 0, updated = 0`,
    );
    await touch(tx, "imports", row.id);
    await touch(tx, "contacts");
  });
  await tidy(ctx, row.id);
}

type Step = { n: number; last: string | null };

/** Contacts that the import made go with all that hangs on them. In the order of ids, as those that stay are met only once. */
async function unmake(tx: Tx, importId: string, after: string): Promise<Step> {
  const made = sql`
      where c.user_id = ${param(tx.userId)} and c.import_id = ${param(importId)} and c.id > ${param(after)}
      order by c.id
      limit ${param(STEP)}`;
  // Judged twice: who may go is locked against those who edit them and those who add a note, a task or a call; then nobody is
  // left who could have touched them unseen.
  const free = await rows<{ id: string }>(
    tx,
    sql`
    select c.id from contacts c
    where c.user_id = ${param(tx.userId)} and c.id = any(array(select c.id from contacts c ${made})) and not ${touchedSinceMade}
    order by c.id
    for update of c`,
  );
  return oneRow<Step>(
    tx,
    sql`
    with step as materialized (
      select c.id from contacts c ${made}
    ),
    unmade as (
      delete from contacts c
      where c.user_id = ${param(tx.userId)} and c.id = any(${param(free.map(({ id }) => id))}::uuid[]) and not ${touchedSinceMade}
    )
    select count(*)::int as n, (select id from step order by id desc limit 1) as last from step`,
  );
}

/** Contacts that were known before get back what they had. */
async function giveBack(tx: Tx, importId: string, after: string): Promise<Step> {
  const user = param(tx.userId);
  const id = param(importId);
  // first, so that who is judged below is nobody whom somebody is editing
  await rows(
    tx,
    sql`
    select 1 from contacts c
    where c.user_id = ${user} and c.id = any(array(
      select e.contact_id from import_effects e
      where e.user_id = ${user} and e.import_id = ${id} and e.contact_id > ${param(after)}
      order by e.contact_id
      limit ${param(STEP)}))
    order by c.id
    for no key update`,
  );
  return oneRow<Step>(
    tx,
    sql`
    with step as materialized (
      select e.contact_id, e.before, e.tags_added, ${touchedSinceMet} as kept
      from import_effects e
      join contacts c on c.user_id = e.user_id and c.id = e.contact_id
      where e.user_id = ${user} and e.import_id = ${id} and e.contact_id > ${param(after)}
      order by e.contact_id
      limit ${param(STEP)}
    ),
    restored as (
      update contacts c
      set name = s.before ->> 'name', email = s.before ->> 'email', company = s.before ->> 'company', city = s.before ->> 'city',
        notes = s.before ->> 'notes', custom = s.before -> 'custom'
      from step s
      where c.user_id = ${user} and c.id = s.contact_id and not s.kept and s.before is not null
    ),
    untagged as (
      delete from contact_tags t using step s
      where t.user_id = ${user} and t.contact_id = s.contact_id and not s.kept and t.tag = any(s.tags_added)
    ),
    revoked as (
      delete from consents k using step s
      where k.user_id = ${user} and k.contact_id = s.contact_id and k.import_id = ${id} and not s.kept
    ),
    forgotten as (
      delete from timeline_entries t using step s
      where t.user_id = ${user} and t.contact_id = s.contact_id and t.kind = 'contact.imported' and t.ref = ${id}::text and not s.kept
    ),
    settled as (
      delete from import_effects e using step s
      where e.user_id = ${user} and e.import_id = ${id} and e.contact_id = s.contact_id
    )
    select count(*)::int as n, (select contact_id from step order by contact_id desc limit 1) as last from step`,
  );
}
