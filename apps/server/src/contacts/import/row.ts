import { notFound } from "@parley/core/errors";
import type { ColumnMapping } from "@parley/core/contacts/csv-map";
import type { Consent } from "@parley/core/contacts/schema";
import type { ImportStatus } from "@parley/core/imports/status";
import { maybeRow, param, sql, touch, type SQLFragment, type Tx } from "@parley/db";
import type { Ctx } from "../../context.ts";

/** What a run needs to know of its import. */
export type ImportRow = {
  id: string;
  status: ImportStatus;
  error: string | null;
  format: "csv" | "xlsx" | null;
  encoding: string | null;
  delimiter: string | null;
  default_region: string;
  headers: string[];
  has_header: boolean;
  mapping: ColumnMapping;
  overwrite: boolean;
  tags: string[];
  consent: Consent | null;
  rows: number;
  accepted: number;
  rows_done: number;
  restage: boolean;
  size_bytes: number;
  epoch: number;
  tries: number;
  created_by: string | null;
};

export const importColumns = sql`
  id, status, error, format, encoding, delimiter, default_region, headers, has_header, mapping, overwrite, tags, consent, rows,
  accepted, rows_done, restage, size_bytes, epoch, tries, created_by`;

/** Where an import's file is kept until its contacts are there. */
export const spoolPath = (importId: string) => `uploads/${importId}`;
/** A workbook's first sheet as text. */
export const sheetPath = (importId: string) => `uploads/${importId}.csv`;

/** An import of this tenant, locked for a change of its status, or `not_found`. */
export async function lockImport(tx: Tx, importId: string): Promise<ImportRow> {
  const found = await maybeRow<ImportRow>(
    tx,
    sql`
    select ${importColumns} from imports
    where user_id = ${param(tx.userId)} and id = ${param(importId)}
    for update`,
  );
  if (!found) throw notFound("import");
  return found;
}

/** The run of an import that holds it: nobody else writes while its epoch is the row's. */
export type Held = {
  ctx: Ctx;
  row: ImportRow;
  signal: AbortSignal;
  /** When it last got further (`performance.now()`). */
  moved: { at: number };
};

/** Somebody else holds the import now, or a person has turned it elsewhere. Whoever gets this stops and leaves no trace. */
export class Superseded extends Error {
  constructor(importId: string) {
    super(`import ${importId} is held by another run`);
  }
}

/** A worker that dies is followed after so long. Whoever lives renews it, whatever step takes its time. */
const LEASE = sql`app.wall() + interval '20 seconds'`;
const RENEW_MS = 5_000;
/** No step takes so long: a run that has not got further since is stuck, and followed as if it had died. */
const STUCK_MS = 10 * 60_000;
/** Runs without any progress after which an import is given up. */
export const TRIES_MAX = 5;

/** Takes an import for a run; null when there is nothing to do in these states. The run before, if it lives, is fenced off. */
export async function takeImport(
  ctx: Ctx,
  importId: string,
  from: readonly ImportStatus[],
  signal: AbortSignal,
): Promise<Held | null> {
  const row = await ctx.db.tx((tx) =>
    maybeRow<ImportRow>(
      tx,
      sql`
      update imports
      set epoch = epoch + 1, tries = tries + 1, lease_until = ${LEASE}, started_at = coalesce(started_at, app.wall())
      where user_id = ${param(ctx.user.id)} and status = any(${param(from)}::text[]) and id = (
        select i.id from imports i where i.user_id = ${param(ctx.user.id)} and i.id = ${param(importId)} for update)
      returning ${importColumns}`,
    ),
  );
  return row ? { ctx, row, signal, moved: { at: performance.now() } } : null;
}

/**
 * Keeps the lease and writes, in one transaction with what the caller does next; throws Superseded when the import is
 * no longer ours. The row stays locked until commit, so a run that was taken over cannot slip anything in.
 */
export async function keep(tx: Tx, { row, moved }: Held, set: SQLFragment = sql`tries = 0`): Promise<void> {
  const kept = await maybeRow(
    tx,
    sql`
    update imports set lease_until = ${LEASE}, ${set}
    where user_id = ${param(tx.userId)} and id = ${param(row.id)} and epoch = ${param(row.epoch)} and status = ${param(row.status)}
    returning 1 as one`,
  );
  if (!kept) throw new Superseded(row.id);
  moved.at = performance.now();
}

/**
 * Renews the lease of a run until the function that is returned is called; a beat that fails is followed by the next. One
 * that is no longer ours is stopped; one that is stuck too, and its lease left to run out.
 */
export function keepAlive(
  held: Held,
  stop: (why: Error) => void,
  [renewMs, stuckMs] = [RENEW_MS, STUCK_MS],
): () => void {
  const end = (why: Error) => {
    clearInterval(beating);
    stop(why);
  };
  const beating = setInterval(() => {
    if (performance.now() - held.moved.at >= stuckMs!)
      return end(new Error(`The import did not get further for ${stuckMs! / 60_000} minutes.`));
    void renew(held).then(
      (ours) => ours || end(new Superseded(held.row.id)),
      () => {},
    );
  }, renewMs);
  return () => clearInterval(beating);
}

/** False if somebody has let it go or taken it over. */
export const renew = ({ ctx, row }: Held): Promise<boolean> =>
  ctx.db.tx(async (tx) => {
    const { rowCount } = await tx.query(
      sql`
      update imports set lease_until = ${LEASE}
      where user_id = ${param(tx.userId)} and id = ${param(row.id)} and epoch = ${param(row.epoch)} and lease_until is not null`.compile(),
    );
    return rowCount === 1;
  });

/**
 * The same for one of several writers at once, who do not change the import's row: until commit nobody takes it over, and
 * the lease can be renewed.
 */
export async function share(tx: Tx, { row }: Held): Promise<void> {
  const ours = await maybeRow(
    tx,
    sql`
    select 1 as one from imports
    where user_id = ${param(tx.userId)} and id = ${param(row.id)} and epoch = ${param(row.epoch)} and status = ${param(row.status)}
    for key share`,
  );
  if (!ours) throw new Superseded(row.id);
}

/** At most one ring a second tells the screens how far it is. */
export function progressBell(importId: string): (tx: Tx) => Promise<void> {
  let rung = 0;
  return async (tx) => {
    if (performance.now() - rung < 1000) return;
    rung = performance.now();
    await touch(tx, "imports", importId);
  };
}
