import { ParleyError } from "@parley/core/errors";
import type { ImportStatus } from "@parley/core/imports/status";
import { enqueue, param, sql, touch } from "@parley/db";
import type { Ctx } from "../../context.ts";
import { runCommit } from "./commit.ts";
import { readFile } from "./read-file.ts";
import { finishValidation, stageSurely } from "./stage.ts";
import { keep, keepAlive, Superseded, takeImport, TRIES_MAX, type Held } from "./row.ts";
import { runUndo } from "./undo.ts";
import { tidy } from "./tidy.ts";

/** contacts/import: recognises a spooled file, then reads and checks its rows. */
export const runImport = (ctx: Ctx, importId: string, signal: AbortSignal) =>
  run(ctx, importId, ["receiving", "validating"], signal, async (held) => {
    if (held.row.status === "receiving" && (await readFile(held)) === "mapping") {
      await letGo(held);
      return;
    }
    const judged = await stageSurely(held);
    if (judged) await finishValidation(held, judged);
  });

/** contacts/commit_import: accepted rows become contacts. */
export const runImportCommit = (ctx: Ctx, importId: string, signal: AbortSignal) =>
  run(ctx, importId, ["committing"], signal, runCommit);

/** contacts/undo_import: takes back what an import did. */
export const runImportUndo = (ctx: Ctx, importId: string, signal: AbortSignal) =>
  run(ctx, importId, ["undoing"], signal, runUndo);

async function run(
  ctx: Ctx,
  importId: string,
  from: readonly ImportStatus[],
  signal: AbortSignal,
  work: (held: Held) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const held = await takeImport(ctx, importId, from, AbortSignal.any([signal, stop.signal]));
  if (!held) return;
  const letDie = keepAlive(held, (why) => stop.abort(why));
  try {
    if (held.row.tries > TRIES_MAX)
      throw new ParleyError("internal", `${held.row.tries - 1} runs in a row came to nothing.`);
    await work(held);
  } catch (error) {
    if (error instanceof Superseded)
      return ctx.log.info({ import: { id: importId } }, `[Imports] ${error.message}`);
    if (signal.aborted) {
      letDie();
      return letGo(held, "at once");
    }
    const final = error instanceof ParleyError && (error.code === "invalid" || held.row.tries > TRIES_MAX);
    if (!final) throw error; // the job is tried again, and after it the sweeper rings
    await fail(held, error);
  } finally {
    letDie();
  }
}

/** Nobody holds it now: for a person to go on, or (`at once`) for the next process. */
async function letGo({ ctx, row }: Held, next?: "at once"): Promise<void> {
  await ctx.db.tx((tx) =>
    tx.query(
      `update imports set lease_until = case when $4 then app.wall() end, tries = case when $4 then greatest(tries - 1, 0) else tries end
       where user_id = $1 and id = $2 and epoch = $3`,
      [ctx.user.id, row.id, row.epoch, next !== undefined],
    ),
  );
}

/** It cannot be done, and says why. What a commit had begun is taken back first: nothing stays half done. */
async function fail(held: Held, error: ParleyError): Promise<void> {
  const { ctx, row } = held;
  const message =
    error.code === "invalid"
      ? error.message
      : `The import stopped ${TRIES_MAX} times without getting further and was given up. Upload the file again; if it stays, report this import.`;
  if (error.code !== "invalid") ctx.log.error({ err: error, import: { id: row.id } }, "[Imports] given up");
  const takenBack = row.status === "committing";
  const ours = await ctx.db
    .tx(async (tx) => {
      await keep(
        tx,
        held,
        takenBack
          ? sql`status = 'undoing', error = ${param(message)}, rows_done = 0, tries = 0, started_at = app.wall()`
          : sql`status = 'failed', error = ${param(message)}, finished_at = app.now()`,
      );
      if (takenBack) await enqueue(tx, "contacts/undo_import", { userId: ctx.user.id, importId: row.id });
      await touch(tx, "imports", row.id);
      return true;
    })
    .catch((failure: unknown) => {
      if (!(failure instanceof Superseded)) throw failure;
      return false;
    });
  if (takenBack || !ours) return;
  await tidy(ctx, row.id);
}
