import { maybeRow, param, sql } from "@parley/db";
import { ParleyError } from "@parley/core/errors";
import type { Routes } from "../routes.ts";

/** GET /api/calls/:id/recording: our own copy, for members of its workspace, in any range a player asks for. */
export const recordingRoutes: Routes = (app, { enter }) => {
  app.get<{ Params: { id: string } }>("/api/calls/:id/recording", async (request, reply) => {
    const ctx = await enter(request, "GET /api/calls/:id/recording");
    const call = await ctx.db.tx((tx) =>
      maybeRow<{
        recording_status: string;
        recording_path: string | null;
        recording_bytes: number;
        recording_type: string | null;
        recording_error: string | null;
      }>(
        tx,
        sql`
        select recording_status, recording_path, recording_bytes, recording_type, recording_error from calls
        where user_id = ${param(ctx.user.id)} and id::text = ${param(request.params.id)}`,
      ),
    );
    if (!call) throw new ParleyError("not_found", "There is no such call in this workspace.");
    if (!call.recording_path)
      throw new ParleyError(
        "not_found",
        call.recording_status === "fetching"
          ? "The recording is still being fetched from the provider. Try again in a minute."
          : call.recording_error
            ? `The recording could not be copied: ${call.recording_error} Look for it at the provider.`
            : "This call has no recording.",
      );
    const range = rangeOf(request.headers.range, call.recording_bytes);
    reply
      .header("accept-ranges", "bytes")
      .header("content-type", call.recording_type ?? "application/octet-stream")
      .header("cache-control", "private, max-age=3600")
      .header("x-content-type-options", "nosniff")
      // Opened by itself it is saved, never shown as a page; players do not mind.
      .header(
        "content-disposition",
        `attachment; filename="${fileName(request.params.id, call.recording_type)}"`,
      );
    if (range === "unsatisfiable")
      return reply.code(416).header("content-range", `bytes */${call.recording_bytes}`).send();
    if (!range)
      return reply
        .header("content-length", call.recording_bytes)
        .send(await ctx.files.read(call.recording_path));
    return reply
      .code(206)
      .header("content-range", `bytes ${range.start}-${range.end}/${call.recording_bytes}`)
      .header("content-length", range.end - range.start + 1)
      .send(await ctx.files.read(call.recording_path, range));
  });
};

const fileName = (callId: string, type: string | null) =>
  `call-${callId}.${type?.replace("audio/mpeg", "audio/mp3").split("/")[1] ?? "bin"}`;

/** One byte range; several at once, or nonsense, are answered with the whole file, as RFC 9110 allows. */
export function rangeOf(
  header: string | undefined,
  size: number,
): { start: number; end: number } | "unsatisfiable" | null {
  const asked = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!asked || (asked[1] === "" && asked[2] === "")) return null;
  const start = asked[1] === "" ? Math.max(0, size - Number(asked[2])) : Number(asked[1]);
  const end = asked[1] === "" || asked[2] === "" ? size - 1 : Math.min(Number(asked[2]), size - 1);
  return start >= size || start > end ? "unsatisfiable" : { start, end };
}
