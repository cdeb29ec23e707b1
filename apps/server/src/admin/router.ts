import { adminProcedures as its } from "@parley/core/ops/schema";
import { openProcedure, router } from "../trpc.ts";
import { grantCredits } from "./grant-credits.ts";
import { listTenants } from "./list-tenants.ts";
import { pauseDialling } from "./pause-dialling.ts";
import { setLimits } from "./set-limits.ts";

/** The operator works on all tenants and needs to belong to none. */
export const adminRouter = router({
  tenants: openProcedure
    .input(its.tenants.input)
    .output(its.tenants.output)
    .query(({ ctx, input }) => listTenants(ctx, input)),
  setLimits: openProcedure
    .input(its.setLimits.input)
    .output(its.setLimits.output)
    .mutation(({ ctx, input }) => setLimits(ctx, input)),
  grantCredits: openProcedure
    .input(its.grantCredits.input)
    .output(its.grantCredits.output)
    .mutation(({ ctx, input }) => grantCredits(ctx, input)),
  pauseDialling: openProcedure
    .input(its.pauseDialling.input)
    .output(its.pauseDialling.output)
    .mutation(({ ctx, input }) => pauseDialling(ctx, input)),
});
