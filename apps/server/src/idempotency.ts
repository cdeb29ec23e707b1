import { createHash } from "node:crypto";
import { conflict } from "@parley/core/errors";
import { maybeRow, param, sql } from "@parley/db";
import type { Ctx } from "./context.ts";

export type IdempotentCall = { key: string; procedure: string; request: unknown };

/** Procedures and routes whose Idempotency-Key is honoured, 24 hours, within one workspace. */
const honoured = new Set([
  "calls.place",
  "campaigns.create",
  "campaigns.redial",
  "campaigns.start",
  "POST /api/imports",
]);

type Kept = { status: "running" | "written" | "done"; request_sha256: string; response: unknown };

/**
 * Runs a request once per key. The same request again gets the kept answer; another request under that key, or one
 * whose first run is not over, is a conflict. A run that failed before it wrote anything may be tried again.
 */
async function run<T extends { data?: unknown }>(
  ctx: Ctx,
  { key, procedure, request }: IdempotentCall,
  act: (ctx: Ctx) => Promise<T>,
): Promise<T> {
  const requestSha256 = createHash("sha256")
    .update(JSON.stringify(request) ?? "")
    .digest("hex");
  const kept = await claim(ctx, key, procedure, requestSha256);
  if (kept) {
    if (kept.request_sha256 !== requestSha256)
      throw conflict(
        "This Idempotency-Key was used for a different request. Use a new key for a new request.",
      );
    if (kept.status === "done")
      return { ok: true, data: kept.response, marker: "middlewareMarker" } as unknown as T;
    throw conflict(
      kept.status === "running"
        ? "The first request with this Idempotency-Key is still running. Ask again in a moment."
        : "The first request with this Idempotency-Key has done its work, but its answer is not kept. Look for its result in the list.",
    );
  }
  const mine = sql`user_id = ${param(ctx.user.id)} and key = ${param(key)} and procedure = ${param(procedure)}`;
  let written = false;
  const guarded: Ctx = {
    ...ctx,
    db: {
      ...ctx.db,
      // The mark commits with what the verb writes: a crash in between can neither repeat it nor forget it.
      tx: (fn) =>
        ctx.db
          .tx(async (tx) => {
            const result = await fn(tx);
            await tx.query(sql`update idempotency_keys set status = 'written' where ${mine}`.compile());
            return result;
          })
          .then((result) => {
            written = true;
            return result;
          }),
    },
  };
  try {
    const result = await act(guarded);
    await ctx.db.tx((tx) =>
      tx.query(
        sql`update idempotency_keys set status = 'done', response = ${param(JSON.stringify(result.data ?? null))}::jsonb where ${mine}`.compile(),
      ),
    );
    return result;
  } catch (error) {
    if (!written)
      await ctx.db
        .tx((tx) => tx.query(sql`delete from idempotency_keys where ${mine}`.compile()))
        .catch(() => {});
    throw error;
  }
}

/** Null when the key is ours to run with; else what is kept under it. A run that died unwritten is taken over. */
async function claim(ctx: Ctx, key: string, procedure: string, requestSha256: string): Promise<Kept | null> {
  return ctx.db.tx(async (tx) => {
    const claimed = await maybeRow(
      tx,
      sql`insert into idempotency_keys as k (user_id, key, procedure, request_sha256)
        values (${param(ctx.user.id)}, ${param(key)}, ${param(procedure)}, ${param(requestSha256)})
        on conflict (user_id, key, procedure) do update
        set request_sha256 = excluded.request_sha256, status = 'running', response = null, created_at = app.wall()
        where k.created_at < app.wall() - interval '24 hours'
          or (k.status = 'running' and k.created_at < app.wall() - interval '2 minutes')
        returning 1 as one`,
    );
    if (claimed) return null;
    const kept = await maybeRow<Kept>(
      tx,
      sql`select status, request_sha256, response from idempotency_keys
        where user_id = ${param(ctx.user.id)} and key = ${param(key)} and procedure = ${param(procedure)}`,
    );
    return kept ?? null;
  });
}

export const idempotently = { has: (path: string) => honoured.has(path), run };
