import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import * as z from "zod";
import { conflict, invalidInput, ParleyError } from "@parley/core/errors";
import { param, row, sql } from "@parley/db";
import type { Parts } from "../context.ts";

/** now = base + (wall clock − wall) × scale, as both clocks know it. */
export type ClockReading = { base: string; wall: string; scale: number };

const change = z.strictObject({
  scale: z.number().positive().max(100_000).optional(),
  advanceTo: z.iso.datetime({ offset: true }).optional(),
});

/** `POST /internal/clock`: the sandbox asks for another speed or a later time; our row decides for both. */
export function clockRoute(app: FastifyInstance, { db, config, log }: Parts): void {
  if (!config.voice.isSandbox) return;
  app.post("/internal/clock", async (request): Promise<ClockReading> => {
    onlyWithSecret(request, config.keys.service);
    const wanted = change.safeParse(request.body ?? {});
    if (!wanted.success) throw invalidInput(wanted.error);
    const { scale = null, advanceTo = null } = wanted.data;
    const { refused, ...reading } = await row<ClockReading & { refused: string | null }>(
      db.web.pool,
      sql`select * from app.set_clock(${param(scale)}::double precision, ${param(advanceTo)}::timestamptz)`,
    );
    if (refused) throw conflict(refused);
    db.web.wake("dispatch");
    log.info({ "clock.scale": reading.scale }, `The clock runs at ${reading.scale}× from ${reading.base}`);
    return reading;
  });
}

/** Tells the sandbox at boot what our clock reads; false while it does not answer. */
export async function pushClock({ db, config }: Parts): Promise<boolean> {
  const reading = await row<ClockReading>(
    db.worker.pool,
    sql`select clock_base as base, clock_wall as wall, clock_scale as scale from system_settings`,
  );
  const answer = await fetch(`${config.sandboxUrl}/sandbox/clock/sync`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${config.keys.service}` },
    body: JSON.stringify(reading),
    signal: AbortSignal.timeout(5_000),
  }).catch(() => null);
  await answer?.body?.cancel();
  return answer?.ok ?? false;
}

function onlyWithSecret({ headers }: FastifyRequest, secret: string): void {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (!timingSafeEqual(digest(headers.authorization ?? ""), digest(`Bearer ${secret}`)))
    throw new ParleyError("not_signed_in", "Send the service secret as bearer.");
}
