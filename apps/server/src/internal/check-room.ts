import { statfs } from "node:fs/promises";
import { row, sql } from "@parley/db";
import type { Parts } from "../context.ts";

const CONNECTIONS_FULL = 0.8;
const DISK_FREE_MIN = 0.05;

/** Told before it hurts: connections of the database running out, and the disk that keeps recordings and uploads. */
export async function checkRoom(
  { db, config }: Parts,
  full = { connections: CONNECTIONS_FULL },
): Promise<void> {
  const { used, most } = await row<{ used: number; most: number }>(
    db.worker.pool,
    sql`
    select (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most`,
  );
  const disk = await statfs(config.dataDir).catch(() => null);
  await say(db, used >= most * full.connections, {
    kind: "connections_full",
    ref: "database",
    message: `${used} of the database's ${most} connections are in use.`,
    cure: "Raise max_connections, run fewer processes, or put a pooler before DATABASE_WEB_URL.",
  });
  await say(db, disk !== null && disk.bavail < disk.blocks * DISK_FREE_MIN, {
    kind: "disk_full",
    ref: "data",
    severity: "bad",
    message: `Less than ${DISK_FREE_MIN * 100} % of the disk of the data directory is free. Recordings and uploads stop when it is full; calls and money do not depend on it unless the database is there too.`,
    cure: "Make room, or move PARLEY_DATA_DIR to a larger disk.",
  });
}

type Told = { kind: string; ref: string; severity?: "bad"; message: string; cure: string };

async function say({ worker }: Parts["db"], isSo: boolean, { kind, ref, ...its }: Told): Promise<void> {
  if (isSo)
    await worker.pool.query("select app.raise_incident($1, $2, $3, $4, $5, null)", [
      kind,
      ref,
      its.severity ?? "warn",
      its.message,
      its.cure,
    ]);
  else await worker.pool.query("select app.resolve_incident($1, $2, 'system')", [kind, ref]);
}
