/// <reference path="../zapatos/schema.d.ts" />
/// <reference path="../zapatos/custom/index.d.ts" />
// The one barrel of the house: what nearly every verb imports. Rarer doors are files: @parley/db/migrate, …
export { param, raw, sql, maybeRow, prepared, row, rows, type SQLFragment } from "./rows.ts";
export { Db, type DbOptions, type Query, type Queryable, type Tx } from "./tx.ts";
export { createPool, type PoolOptions } from "./pool.ts";
export { enqueue, enqueueMany, type Job, type JobOptions, type Wake } from "./jobs.ts";
export { touch, touchAll, LIVE_CHANNEL } from "./live.ts";
export { isTransient } from "./transient.ts";
export { record, type TimelineEntry } from "./timeline.ts";
