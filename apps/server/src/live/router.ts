import { liveProcedures } from "@parley/core/live/schema";
import { procedure, router } from "../trpc.ts";
import { stream } from "./stream.ts";

export const liveRouter = router({
  stream: procedure
    .input(liveProcedures.stream.input)
    .subscription(({ ctx, input, signal }) => stream(ctx, input, signal ?? new AbortController().signal)),
});
