import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { param, row, sql } from "@parley/db";
import * as z from "zod";
import type { Parts } from "../context.ts";

/** Where a database stood when it was seen last: its cluster, the timeline of that, and how far its log was on disk. */
const Place = z.object({ system: z.string(), timeline: z.int(), lsn: z.string() });
type Place = z.infer<typeof Place>;

/** What this process remembers. A restored database remembers less than the processes that used it. */
let seen: Place | undefined;

/** The log position that this process has seen; a database that is not there yet has forgotten something. */
export const lastSeenLsn = (): string | null => seen?.lsn ?? null;

/**
 * With each beat, and first of all at the start: is this still the database we worked on, and no earlier state of it?
 * If it moved (a restored backup, a replica that lagged behind) calls may be forgotten that were placed: the database
 * itself then stops all dialling until they are taken over and a person resumes. Returns how it moved, or null.
 */
export async function watchDatabase({ db, config, log }: Parts): Promise<string | null> {
  const file = join(config.dataDir, "database-seen.json");
  const known = seen ?? readPlace(file);
  const { moved, ...place } = await db.worker.txWithoutTenant((tx) =>
    row<Place & { moved: string | null }>(
      tx,
      sql`
      select system, timeline, lsn::text as lsn, moved
      from app.watch_database(${param(known?.system ?? null)}::text, ${param(known?.timeline ?? null)}::int, ${param(known?.lsn ?? null)}::pg_lsn)`,
    ),
  );
  if (moved)
    log.error({ was: known, is: place }, `[Database] It is ${moved} than before: nothing is dialled`);
  seen = place;
  writePlace(file, place, log);
  return moved;
}

/** For tests that play several processes in one. */
export function forgetDatabase(): void {
  seen = undefined;
}

function readPlace(file: string): Place | undefined {
  try {
    return Place.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** Kept outside the database, and whole or not at all. Without it a file copy put back cannot be told from the original. */
function writePlace(file: string, place: Place, log: Parts["log"]): void {
  try {
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(place), { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch (error) {
    log.warn({ err: error }, "[Database] Where it stands could not be noted");
  }
}
