import { importCan } from "@parley/core/imports/status";
import type { Consent } from "@parley/core/contacts/schema";
import { conflict } from "@parley/core/errors";
import { enqueue, param, row as oneRow, rows, sql, touch, type Tx } from "@parley/db";
import { audit } from "../../audit.ts";
import type { Ctx } from "../../context.ts";
import { keepCustomFields } from "../facts.ts";
import { keep, lockImport, progressBell, sheetPath, spoolPath, type Held, type ImportRow } from "./row.ts";
import { dropStaging, stageSurely } from "./stage.ts";

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
        overwrite = ${param(overwrite ?? false)}, committed_chunk = -1, rows_done = 0, created = 0, updated = 0, tries = 0,
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

/** The job: chunk after chunk in short transactions, going on after the last one that is committed. */
export async function runCommit(held: Held): Promise<void> {
  const { ctx, row, signal } = held;
  const staged = await stageSurely(held);
  if (staged !== row.rows) throw new Error(`The file has ${staged} rows, ${row.rows} were checked.`);
  await ctx.db.tx((tx) => keepCustomFields(tx, newFields(row)));
  const bell = progressBell(row.id);
  const { chunks } = await ctx.db.tx((tx) =>
    oneRow<{ chunks: number }>(
      tx,
      sql`select coalesce(max(chunk), -1) + 1 as chunks from import_staging where import_id = ${param(row.id)}`,
    ),
  );
  for (let chunk = row.committed_chunk + 1; chunk < chunks; chunk += 1) {
    signal.throwIfAborted();
    await ctx.db.tx(async (tx) => {
      await keep(tx, held, sql`tries = 0, committed_chunk = ${param(chunk)}`);
      await commitChunk(tx, row, chunk);
      await bell(tx);
    });
  }
  await ctx.db.tx(async (tx) => {
    await keep(tx, held, sql`status = 'done', finished_at = app.now(), rows_done = rows`);
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

/** Columns that go to fields of the workspace's own, under the headers they had in the file. */
const newFields = ({ mapping }: ImportRow) =>
  Object.entries(mapping).flatMap(([header, field]) =>
    field?.startsWith("custom:") ? [{ key: field.slice("custom:".length), label: header.slice(0, 200) }] : [],
  );

/**
 * The accepted rows of one chunk: new contacts, empty fields of known ones, tags, identities, consents, history. In
 * order of numbers, so that two imports with the same people do not wait for each other in a circle.
 */
async function commitChunk(tx: Tx, row: ImportRow, chunk: number): Promise<void> {
  // While a first import fills the tables their statistics say "empty", and loops within loops would not end.
  await tx.query("set local enable_nestloop = off");
  const user = param(tx.userId);
  const id = param(row.id);
  const by = param(row.created_by);
  const good = sql`s.import_id = ${id} and s.chunk = ${param(chunk)} and s.reasons = '{}'`;
  const actor = param(row.created_by ? `person:${row.created_by}` : "system");

  const { created } = await oneRow<{ created: number }>(
    tx,
    sql`
    with made as (
      insert into contacts (user_id, phone_number, name, email, company, city, country, zones, notes, stage_id, custom, source,
        import_id, created_by)
      select ${user}, s.phone_number, s.name, s.email, s.company, s.city, s.country, s.zones, s.notes,
        (select id from stages where user_id = ${user} and key = 'new'), s.custom, 'import', ${id}, ${by}
      from import_staging s
      where ${good}
      order by s.phone_number
      on conflict on constraint one_contact_per_phone do nothing
      returning id, phone_number, updated_at
    ),
    effects as (
      insert into import_effects (user_id, import_id, contact_id, created, left_at)
      select ${user}, ${id}, m.id, true, m.updated_at from made m
    ),
    identities as (
      insert into contact_identities (user_id, contact_id, channel, kind, value)
      select ${user}, m.id, 'call', 'phone', m.phone_number from made m
      on conflict do nothing
    )
    select count(*)::int as created from made`,
  );

  const { known } = await oneRow<{ known: number }>(
    tx,
    sql`
    with known as materialized (
      select c.id, c.name, c.email, c.company, c.city, c.notes, c.custom, c.updated_at,
        ${row.overwrite ? sql`coalesce(s.name, c.name)` : sql`coalesce(c.name, s.name)`} as new_name,
        ${row.overwrite ? sql`coalesce(s.email, c.email)` : sql`coalesce(c.email, s.email)`} as new_email,
        ${row.overwrite ? sql`coalesce(s.company, c.company)` : sql`coalesce(c.company, s.company)`} as new_company,
        ${row.overwrite ? sql`coalesce(s.city, c.city)` : sql`coalesce(c.city, s.city)`} as new_city,
        ${row.overwrite ? sql`coalesce(s.notes, c.notes)` : sql`coalesce(c.notes, s.notes)`} as new_notes,
        ${row.overwrite ? sql`c.custom || s.custom` : sql`s.custom || c.custom`} as new_custom
      from import_staging s
      join contacts c on c.user_id = ${user} and c.phone_number = s.phone_number
      where ${good} and c.erased_at is null and c.import_id is distinct from ${id}
      order by s.phone_number
      for no key update of c
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
    effects as (
      insert into import_effects (user_id, import_id, contact_id, created, left_at, before)
      select ${user}, ${id}, k.id, false, coalesce(f.updated_at, k.updated_at),
        case when f.id is not null then
          jsonb_build_object('name', k.name, 'email', k.email, 'company', k.company, 'city', k.city, 'notes', k.notes, 'custom', k.custom) end
      from known k
      left join filled f on f.id = k.id
    )
    select count(*)::int as known from known`,
  );

  await rows(
    tx,
    sql`
    with tagged as (
      insert into contact_tags (user_id, contact_id, tag)
      select distinct ${user}::uuid, c.id, t.tag
      from import_staging s
      join contacts c on c.user_id = ${user} and c.phone_number = s.phone_number
      cross join lateral unnest(s.tags || ${param(row.tags)}::text[]) t(tag)
      where ${good} and c.erased_at is null
      on conflict do nothing
      returning contact_id, tag
    )
    update import_effects e set tags_added = t.tags
    from (select contact_id, array_agg(tag) as tags from tagged group by contact_id) t
    where e.user_id = ${user} and e.import_id = ${id} and e.contact_id = t.contact_id and not e.created`,
  );

  const theirs = sql`
    from import_staging s
    join contacts c on c.user_id = ${user} and c.phone_number = s.phone_number
    where ${good} and c.erased_at is null`;
  if (row.consent) {
    const { channels, basis, source, obtainedAt, evidence } = row.consent;
    await rows(
      tx,
      sql`
      insert into consents (user_id, contact_id, channel, basis, source, obtained_at, evidence, import_id, created_by)
      select ${user}, c.id, channel, ${param(basis)}, ${param(source)}, ${param(obtainedAt)}::timestamptz, ${param(evidence ?? null)}, ${id}, ${by}
      from (select c.id ${theirs}) c cross join unnest(${param([...new Set(channels)])}::text[]) channel`,
    );
  }
  await rows(
    tx,
    sql`
    insert into timeline_entries (user_id, contact_id, kind, actor, ref, summary)
    select ${user}, c.id, 'contact.imported', ${actor}, ${id}, jsonb_build_object('row', s.row_no) ${theirs}`,
  );
  await tx.query(
    sql`
    update imports i
    set created = created + ${param(created)}, updated = updated + ${param(known)},
      rows_done = rows_done + (select count(*) from import_staging where import_id = ${id} and chunk = ${param(chunk)})
    where i.user_id = ${user} and i.id = ${id}`.compile(),
  );
}
