import { callsProcedures } from "@parley/core/calls/schema";
import { whereItIs } from "../admin/operator.ts";
import { openProcedure, procedure, router } from "../trpc.ts";
import { placeDirect } from "./place-direct.ts";
import { getCall, listCalls } from "./read.ts";
import { refoldCall } from "./refold.ts";
import { stopCall } from "./stop.ts";

const { list, get, place, stop, refold } = callsProcedures;

export const callsRouter = router({
  list: procedure
    .input(list.input)
    .output(list.output)
    .query(({ ctx, input }) => listCalls(ctx, input)),
  get: procedure
    .input(get.input)
    .output(get.output)
    .query(({ ctx, input }) => getCall(ctx, input)),
  place: procedure
    .input(place.input)
    .output(place.output)
    .mutation(({ ctx, input }) => placeDirect(ctx, input)),
  stop: procedure
    .input(stop.input)
    .output(stop.output)
    .mutation(({ ctx, input }) => stopCall(ctx, input)),
  refold: openProcedure
    .input(refold.input)
    .output(refold.output)
    .mutation(async ({ ctx, input }) => {
      const there = await whereItIs(ctx, "call", input.callId);
      return refoldCall(there, input, { discreet: there.user.id !== ctx.visitor?.userId });
    }),
});
