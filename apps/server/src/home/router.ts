import { homeProcedures as h } from "@parley/core/home/schema";
import { procedure, router } from "../trpc.ts";
import { summarise } from "./summary.ts";

export const homeRouter = router({
  summary: procedure
    .input(h.summary.input)
    .output(h.summary.output)
    .query(({ ctx }) => summarise(ctx)),
});
