import pg from "pg";

const TIMESTAMPTZ = 1184;
const INT8 = 20;
const NUMERIC = 1700;
const DATE = 1082;
const INTERVAL = 1186;
const arrayOf: Record<number, number> = { 1185: TIMESTAMPTZ, 1016: INT8, 1231: NUMERIC, 1182: DATE };

const builtin = (oid: number) => pg.types.getTypeParser(oid, "text") as (text: string) => unknown;

/** `infinity` and `-infinity` have no ISO form and stay as Postgres writes them. */
function instant(text: string): string {
  const parsed = builtin(TIMESTAMPTZ)(text);
  return parsed instanceof Date ? parsed.toISOString() : text;
}

const scalar: Record<number, (text: string) => unknown> = {
  [TIMESTAMPTZ]: instant,
  [INT8]: Number,
  [NUMERIC]: Number,
  [DATE]: (text) => text,
  [INTERVAL]: (text) => text,
};

/**
 * Column values as the wire wants them, so that rows are JSON-ready: instants are ISO-8601 strings in
 * UTC with milliseconds, `bigint` and `numeric` are numbers, dates are `YYYY-MM-DD`, spans as Postgres writes them
 * (`1 day 02:03:04`), json is parsed.
 */
export const columnTypes = {
  getTypeParser(oid: number, format?: "text" | "binary"): (text: string) => unknown {
    if (format === "binary") return pg.types.getTypeParser(oid, "binary") as never;
    const item = arrayOf[oid];
    if (item !== undefined)
      return (text) => textArray(text).map((v) => (v === null ? null : scalar[item]!(v)));
    return scalar[oid] ?? builtin(oid);
  },
};

const TEXT_ARRAY = 1009;
const textArray = (text: string) => builtin(TEXT_ARRAY)(text) as (string | null)[];

export type PoolOptions = {
  url: string;
  /** Shown in pg_stat_activity. */
  name: string;
  max?: number;
  /** Called when an idle connection breaks; the pool replaces it by itself. */
  onError?: (error: unknown) => void;
};

/** A pool whose rows are JSON-ready. A broken connection is reported to `onError`, it never ends the process. */
export function createPool({ url, name, max = 10, onError = () => {} }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: name,
    max,
    types: columnTypes as pg.CustomTypesConfig,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  pool.on("error", onError);
  // graphile-worker asks for a handler on each client too: a client in use reports its failure to its query.
  pool.on("connect", (client) => void client.on("error", () => {}));
  return pool;
}
