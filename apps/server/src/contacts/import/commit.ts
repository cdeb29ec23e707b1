import { importCan } from "@parley/core/imports/status";
import type { Consent } from "@parley/core/contacts/schema";
import { conflict } from "@parley/core/errors";
import { enqueue, param, raw, row as oneRow, sql, touch, type SQLFragment, type Tx } from "@parley/db";
import { audit } from "../../audit.ts";
import type { Ctx } from "../../context.ts";
import { failpoint } from "../../failpoints.ts";
import { keepCustomFields } from "../facts.ts";
import { isCalling } from "./is-calling.ts";
import { keep, lockImport, progressBell, share, type Held, type ImportRow } from "./row.ts";
import { stageSurely } from "./stage.ts";
import { tidy } from "./tidy.ts";

export type CommitImport = {
  importId: string;
  tags?: string[] | undefined;
  consent?: Consent | undefined;
  overwrite?: boolean | undefined;
};

/** Decides that the accepted rows become contacts; a job does it. */
export function commitImport(ctx: Ctx, { importId, tags, consent, overwrite }: CommitImport) {
  return ctx.db.tx(async (tx) => {
    const found = await lockImport(tx, importId);
    const may = importCan.commit(found.status);
    if (!may.ok) throw conflict(may.reason);
    if (found.accepted === 0)
      throw conflict(
        "No row of this file can be added. Download the rejected rows, correct them and upload them.",
      );
    await tx.query(
      sql`
      update imports
      set status = 'committing', tags = ${param(tags ?? [])}::text[], consent = ${param(consent ? JSON.stringify(consent) : null)}::jsonb,
        overwrite = ${param(overwrite ?? false)}, rows_done = 0, created = 0, updated = 0, tries = 0,
        started_at = app.wall(), lease_until = app.wall() + interval '30 seconds'
      where user_id = ${param(ctx.user.id)} and id = ${param(importId)}`.compile(),
    );
    await enqueue(tx, "contacts/commit_import", { userId: ctx.user.id, importId });
    await audit(ctx, tx, {
      action: "import.committed",
      entity: "import",
      entityId: importId,
      changes: { consent: [null, consent?.basis ?? null], overwrite: [null, overwrite ?? false] },
    });
    await touch(tx, "imports", importId);
    return { importId, status: "committing" as const };
  });
}

/** So many chunks become contacts at once: as many as a small machine's database has hands for. While there are calls, which come first, one. */
const AT_ONCE = 2;

/** The job: chunk after chunk in short transactions, going on with those that have not been committed. */
export async function runCommit(held: Held): Promise<void> {
  const { ctx, row, signal } = held;
  const again = await stageSurely(held);
  if (again && again.accepted + again.rejected !== row.rows)
    throw new Error(`The file has ${again.accepted + again.rejected} rows, ${row.rows} were checked.`);
  await ctx.db.tx((tx) => keepCustomFields(tx, newFields(row)));
  const bell = progressBell(row.id);
  const left = await chunksLeft(held);
  while (left.length > 0) {
    signal.throwIfAborted();
    const atOnce = (await isCalling(ctx)) ? 1 : AT_ONCE;
    const ends = await Promise.allSettled(
      left.splice(0, atOnce).map((chunk) => ctx.db.tx((tx) => commitChunk(tx, held, chunk))),
    );
    // one that broke takes nothing from what the other has come to
    if (ends.some(({ status }) => status === "fulfilled"))
      await ctx.db.tx(async (tx) => {
        await keep(tx, held, sql`tries = 0, ${countedFrom(row.id)}`);
        await bell(tx);
      });
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    failpoint("import.committed");
  }
  await ctx.db.tx(async (tx) => {
    const { rows } = await oneRow<{ rows: number }>(
      tx,
      sql`select coalesce(sum(rows), 0)::int as rows from import_chunks where user_id = ${param(tx.userId)} and import_id = ${param(row.id)}`,
    );
    if (rows !== row.rows) throw new Error(`${rows} rows were committed, ${row.rows} were checked.`);
    await keep(tx, held, sql`status = 'done', finished_at = app.now(), ${countedFrom(row.id)}`);
    await touch(tx, "imports", row.id);
    await touch(tx, "contacts");
  });
  await tidy(ctx, row.id);
}

/** Columns that go to fields of the workspace's own, under the headers they had in the file. */
const newFields = ({ mapping }: ImportRow) =>
  Object.entries(mapping).flatMap(([header, field]) =>
    field?.startsWith("custom:") ? [{ key: field.slice("custom:".length), label: header.slice(0, 200) }] : [],
  );

async function chunksLeft({ ctx, row }: Held): Promise<number[]> {
  const { chunks } = await ctx.db.tx((tx) =>
    oneRow<{ chunks: number[] }>(
      tx,
      sql`
      select array(
        select n from generate_series(0, (select max(chunk) from import_staging where import_id = ${param(row.id)})) n
        where n not in (select k.chunk from import_chunks k where k.user_id = ${param(ctx.user.id)} and k.import_id = ${param(row.id)})
        order by n) as chunks`,
    ),
  );
  return chunks;
}

/** How far an import is, as its chunks tell. */
const countedFrom = (importId: string) =>
  sql`(rows_done, created, updated) = (
    select coalesce(sum(k.rows), 0), coalesce(sum(k.created), 0), coalesce(sum(k.updated), 0)
    from import_chunks k where k.user_id = imports.user_id and k.import_id = ${param(importId)})`;

/**
 * The accepted rows of one chunk: new contacts, then what known ones lack, each with tags and consents in one
 * statement, and what it came to. In order of numbers, so that imports with the same people do not wait for each other
 * in a circle.
 */
async function commitChunk(tx: Tx, held: Held, chunk: number): Promise<void> {
  const { row } = held;
  await share(tx, held);
  // While a first import fills the tables their statistics say "empty", and loops within loops would not end.
  await tx.query("set local enable_nestloop = off");
  const { rows, good, at } = await oneRow<{ rows: number; good: number; at: string }>(
    tx,
    sql`
    select count(*)::int as rows, count(*) filter (where reasons = '{}')::int as good, app.wall()::text as at
    from import_staging where import_id = ${param(row.id)} and chunk = ${param(chunk)}`,
  );
  if (rows === 0) throw new Error("The database lost its staging in a crash."); // the next run fills it again
  const created = await addNew(tx, row, chunk, at);
  const updated = created < good ? await fillKnown(tx, row, chunk) : 0;
  await tx.query(
    sql`
    insert into import_chunks (user_id, import_id, chunk, rows, created, updated, left_at)
    values (${param(tx.userId)}, ${param(row.id)}, ${param(chunk)}, ${param(rows)}, ${param(created)}, ${param(updated)}, ${param(at)}::timestamptz)`.compile(),
  );
}

const isGood = (row: ImportRow, chunk: number) =>
  sql`s.import_id = ${param(row.id)} and s.chunk = ${param(chunk)} and s.reasons = '{}'`;

/** Rows whose number nobody has had yet. All get one instant of change (`at`): undoing asks who has another. */
async function addNew(tx: Tx, row: ImportRow, chunk: number, at: string): Promise<number> {
  const user = param(tx.userId);
  const id = param(row.id);
  const { created } = await oneRow<{ created: number }>(
    tx,
    sql`
    with good as materialized (
      select s.* from import_staging s where ${isGood(row, chunk)}
    ),
    made as (
      insert into contacts (user_id, phone_number, name, email, company, city, country, zones, notes, stage_id, custom, source,
        import_id, import_row, created_by, created_at, updated_at)
      select ${user}, g.phone_number, g.name, g.email, g.company, g.city, g.country, g.zones, g.notes,
        (select id from stages where user_id = ${user} and key = 'new'), g.custom, 'import', ${id}, g.row_no, ${param(row.created_by)},
        (select app.now()), ${param(at)}::timestamptz
      from good g
      order by g.phone_number
      on conflict on constraint one_contact_per_phone do nothing
      returning id, phone_number
    ),
    people as (
      select m.id as contact_id, g.tags, g.consent from made m join good g using (phone_number)
    ),
    ${facts(tx, row)}
    select count(*)::int as created from made`,
  );
  return created;
}

/**
 * Rows whose number somebody has: their empty fields, or with `overwrite` all that the file tells. Each is looked up by
 * its number, so that a chunk takes as long in a full workspace as in an empty one.
 */
async function fillKnown(tx: Tx, row: ImportRow, chunk: number): Promise<number> {
  const user = param(tx.userId);
  const id = param(row.id);
  const told = (column: string) =>
    row.overwrite ? raw(`coalesce(g.${column}, c.${column})`) : raw(`coalesce(c.${column}, g.${column})`);
  const { known } = await oneRow<{ known: number }>(
    tx,
    sql`
    with good as materialized (
      select s.* from import_staging s where ${isGood(row, chunk)} order by s.phone_number
    ),
    known as materialized (
      select c.id, c.name, c.email, c.company, c.city, c.notes, c.custom, c.updated_at, g.row_no, g.tags, g.consent,
        ${told("name")} as new_name, ${told("email")} as new_email, ${told("company")} as new_company, ${told("city")} as new_city,
        ${told("notes")} as new_notes, ${raw(row.overwrite ? "c.custom || g.custom" : "g.custom || c.custom")} as new_custom
      from good g
      cross join lateral (
        select k.* from contacts k
        where k.user_id = ${user} and k.phone_number = g.phone_number and k.erased_at is null and k.import_id is distinct from ${id}
        limit 1
        for no key update
      ) c
    ),
    filled as (
      update contacts c
      set name = k.new_name, email = k.new_email, company = k.new_company, city = k.new_city, notes = k.new_notes, custom = k.new_custom
      from known k
      where c.user_id = ${user} and c.id = k.id
        and (k.name, k.email, k.company, k.city, k.notes, k.custom)
          is distinct from (k.new_name, k.new_email, k.new_company, k.new_city, k.new_notes, k.new_custom)
      returning c.id, c.updated_at
    ),
    people as (
      select k.id as contact_id, k.tags, k.consent from known k
    ),
    history as (
      insert into timeline_entries (user_id, contact_id, at, kind, actor, ref, summary)
      select ${user}, k.id, (select app.now()), 'contact.imported', ${param(row.created_by ? `person:${row.created_by}` : "system")}, ${id},
        jsonb_build_object('row', k.row_no)
      from known k
    ),
    ${facts(tx, row)},
    added as (
      select contact_id, array_agg(tag) as tags from tagged group by contact_id
    ),
    effects as (
      insert into import_effects (user_id, import_id, contact_id, left_at, before, tags_added)
      select ${user}, ${id}, k.id, coalesce(f.updated_at, k.updated_at),
        case when f.id is not null then
          jsonb_build_object('name', k.name, 'email', k.email, 'company', k.company, 'city', k.city, 'notes', k.notes, 'custom', k.custom) end,
        coalesce(a.tags, '{}')
      from known k
      left join filled f on f.id = k.id
      left join added a on a.contact_id = k.id
      on conflict do nothing
    )
    select count(*)::int as known from known`,
  );
  return known;
}

/** Steps that write what hangs on `people` (contact_id, tags, consent): consents, and the new ones of their tags as `tagged`. */
function facts(tx: Tx, row: ImportRow): SQLFragment {
  const user = param(tx.userId);
  const id = param(row.id);
  const { consent } = row;
  const consented = consent
    ? sql`
    consented as (
      insert into consents (user_id, contact_id, channel, basis, source, obtained_at, evidence, import_id, created_by, created_at)
      select ${user}, p.contact_id, channel, ${param(consent.basis)}, ${param(consent.source)}, ${param(consent.obtainedAt)}::timestamptz,
        ${param(consent.evidence ?? null)}, ${id}, ${param(row.created_by)}, (select app.now())
      from people p cross join unnest(${param([...new Set(consent.channels)])}::text[]) channel
    ),`
    : sql``;
  const hasOwn = Object.values(row.mapping).includes("consent");
  const own = hasOwn
    ? sql`
    consented_by_row as (
      insert into consents (user_id, contact_id, channel, basis, source, obtained_at, evidence, import_id, created_by, created_at)
      select ${user}, p.contact_id, 'call', p.consent ->> 'basis', coalesce(p.consent ->> 'source', i.name),
        coalesce((p.consent ->> 'obtainedAt')::timestamptz, i.created_at), p.consent ->> 'evidence', ${id}, ${param(row.created_by)}, (select app.now())
      from people p join imports i on i.user_id = ${user} and i.id = ${id}
      where p.consent is not null
    ),`
    : sql``;
  return sql`
    ${consented}
    ${own}
    tagged as (
      insert into contact_tags (user_id, contact_id, tag)
      select distinct ${user}::uuid, p.contact_id, t.tag
      from people p cross join lateral unnest(p.tags || ${param(row.tags)}::text[]) t(tag)
      on conflict do nothing
      returning contact_id, tag
    )`;
}
