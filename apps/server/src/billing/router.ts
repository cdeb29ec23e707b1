import { billingProcedures as its } from "@parley/core/billing/schema";
import { procedure, router } from "../trpc.ts";
import { balance } from "./balance.ts";
import { listEntries } from "./list-entries.ts";

export const billingRouter = router({
  balance: procedure
    .input(its.balance.input)
    .output(its.balance.output)
    .query(({ ctx }) => balance(ctx)),
  ledger: procedure
    .input(its.ledger.input)
    .output(its.ledger.output)
    .query(({ ctx, input }) => listEntries(ctx, input)),
});
