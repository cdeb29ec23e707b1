import { initTRPC, TRPCError } from "@trpc/server";
import * as z from "zod";
import type { Service } from "@parley/db/service-token";

/** What a request brings: the service that signed it, null when none did. */
export type Context = { caller: Service | null };

const t = initTRPC.context<Context>().create();

/** Nothing here is for browsers or the outside: every procedure wants the server's token. */
const procedure = t.procedure.use(({ ctx, next }) => {
  if (ctx.caller !== "server")
    throw new TRPCError({
      code: "UNAUTHORIZED",
      message: "Only Parley's server may ask this, with its service token.",
    });
  return next();
});

const Health = z.object({ ok: z.literal(true), startedAt: z.iso.datetime() });

/** What the server asks chat. Commands come as rows instead, so that a chat that is down delays them and loses none. */
export const chatRouter = t.router({
  health: procedure
    .output(Health)
    .query(() => ({ ok: true as const, startedAt: new Date(performance.timeOrigin).toISOString() })),
});

export type ChatRouter = typeof chatRouter;
