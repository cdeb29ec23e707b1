import { pipeline } from "node:stream/promises";
import { maybeRow, param, rows, sql, touch } from "@parley/db";
import { ParleyError } from "@parley/core/errors";
import type { Ctx } from "../context.ts";
import { audioOnly, NoAudio } from "./audio.ts";

/** Asked again after 30 s, 1, 2, 4 … minutes of domain time, an hour at most; then the recording counts as missing. */
const ATTEMPTS_MAX = 12;
const BYTES_MAX = 200 * 1024 * 1024;

/**
 * Copies a call's recording into our own store, from where the authorised route serves it with ranges. What it is, is
 * told by its own first bytes: neither the address nor the type that comes with it is believed.
 */
export async function fetchRecording(
  ctx: Ctx,
  { callId }: { callId: string },
  signal: AbortSignal,
): Promise<void> {
  const call = await ctx.db.tx((tx) =>
    maybeRow<{ bolna_execution_id: string | null; recording_url: string }>(
      tx,
      sql`
      update calls
      set recording_attempts = recording_attempts + 1,
        recording_next_at = app.now() + make_interval(secs => least(3600, 30 * power(2, recording_attempts)))
      where user_id = ${param(ctx.user.id)} and id = ${param(callId)} and recording_status = 'fetching'
      returning bolna_execution_id, recording_url`,
    ),
  );
  if (!call) return;
  const path = `recordings/${ctx.user.id}/${callId}`;
  try {
    const media = await ctx.providers.bolna.fetchRecording(
      call.recording_url || call.bolna_execution_id!,
      undefined,
      signal,
    );
    if (media.kind !== "found")
      throw new Error(media.kind === "unavailable" ? media.message : "The provider does not have it yet.");
    if ((media.contentLength ?? 0) > BYTES_MAX) {
      media.body.destroy();
      throw tooLarge();
    }
    const audio = audioOnly();
    // Whichever end fails first takes the other with it; what went wrong is told by the store's end.
    pipeline(media.body, audio.through).catch(() => {});
    const { bytes } = await ctx.files
      .put(audio.through, path, { maxBytes: BYTES_MAX, signal })
      .catch((error: unknown) => {
        throw error instanceof ParleyError ? tooLarge() : error;
      });
    await ctx.db.tx(async (tx) => {
      await rows(
        tx,
        sql`
        update calls
        set recording_status = 'ready', recording_path = ${param(path)}, recording_bytes = ${param(bytes)}, recording_type = ${param(audio.type())},
          recording_next_at = null, recording_error = null
        where user_id = ${param(ctx.user.id)} and id = ${param(callId)}`,
      );
      await touch(tx, "calls", callId);
    });
  } catch (error) {
    // Our process is stopping: the sweep rings again.
    if (signal.aborted) throw error;
    ctx.log.warn({ err: error, call: { id: callId } }, "[Calls] The recording could not be fetched yet");
    await ctx.db.tx(async (tx) => {
      await rows(
        tx,
        sql`
        update calls
        set recording_error = ${param((error instanceof Error ? error.message : String(error)).slice(0, 300))},
          recording_status = case when recording_attempts >= ${param(ATTEMPTS_MAX)} or ${param(error instanceof NoAudio)} then 'missing' else recording_status end
        where user_id = ${param(ctx.user.id)} and id = ${param(callId)} and recording_status = 'fetching'`,
      );
      await touch(tx, "calls", callId);
    });
  }
}

const tooLarge = () => new NoAudio(`It is larger than ${BYTES_MAX / 1024 / 1024} MB.`);
