import {
  incidentsProcedures as i,
  opsProcedures as o,
  webhooksProcedures as w,
} from "@parley/core/ops/schema";
import { procedure, router } from "../trpc.ts";
import { diagnose } from "./doctor.ts";
import { listIncidents, resolveIncident } from "./incidents.ts";
import { queryView } from "./query.ts";
import { runSql } from "./sql.ts";
import { listWebhooks, replayWebhooks } from "./webhooks.ts";

export const opsRouter = router({
  query: procedure
    .input(o.query.input)
    .output(o.query.output)
    .query(({ ctx, input }) => queryView(ctx, input)),
  sql: procedure
    .input(o.sql.input)
    .output(o.sql.output)
    .query(({ ctx, input }) => runSql(ctx, input)),
  doctor: procedure
    .input(o.doctor.input)
    .output(o.doctor.output)
    .query(({ ctx }) => diagnose(ctx)),
});

export const incidentsRouter = router({
  list: procedure
    .input(i.list.input)
    .output(i.list.output)
    .query(({ ctx, input }) => listIncidents(ctx, input)),
  resolve: procedure
    .input(i.resolve.input)
    .output(i.resolve.output)
    .mutation(({ ctx, input }) => resolveIncident(ctx, input)),
});

export const webhooksRouter = router({
  list: procedure
    .input(w.list.input)
    .output(w.list.output)
    .query(({ ctx, input }) => listWebhooks(ctx, input)),
  replay: procedure
    .input(w.replay.input)
    .output(w.replay.output)
    .mutation(({ ctx, input }) => replayWebhooks(ctx, input)),
});
