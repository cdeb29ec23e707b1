import { leadsProcedures } from "@parley/core/leads/schema";
import { procedure, router } from "../trpc.ts";
import { correctLead } from "./correct.ts";
import { getLead } from "./get.ts";
import { listLeads } from "./list.ts";
import { reanalyse } from "./reanalyse.ts";

const { list, get, correct, reanalyse: again } = leadsProcedures;

export const leadsRouter = router({
  list: procedure
    .input(list.input)
    .output(list.output)
    .query(({ ctx, input }) => listLeads(ctx, input)),
  get: procedure
    .input(get.input)
    .output(get.output)
    .query(({ ctx, input }) => getLead(ctx, input)),
  correct: procedure
    .input(correct.input)
    .output(correct.output)
    .mutation(({ ctx, input }) => correctLead(ctx, input)),
  reanalyse: procedure
    .input(again.input)
    .output(again.output)
    .mutation(({ ctx, input }) => reanalyse(ctx, input)),
});
