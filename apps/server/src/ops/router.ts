import {
  incidentsProcedures as i,
  opsProcedures as o,
  webhooksProcedures as w,
} from "@parley/core/ops/schema";
import { whereItIs } from "../admin/operator.ts";
import { openProcedure, procedure, router } from "../trpc.ts";
import { diagnose } from "./doctor.ts";
import { explainAnything } from "./explain.ts";
import { acknowledgeIncident, listIncidents, resolveIncident } from "./incidents.ts";
import { queryView } from "./query.ts";
import { runSql } from "./sql.ts";
import { getWebhook, listWebhooks, replayEverywhere, replayWebhooks } from "./webhooks.ts";

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
  explain: procedure
    .input(o.explain.input)
    .output(o.explain.output)
    .query(({ ctx, input }) => explainAnything(ctx, input)),
  replay: openProcedure
    .input(o.replay.input)
    .output(o.replay.output)
    .mutation(({ ctx, input }) => replayEverywhere(ctx, input)),
});

export const incidentsRouter = router({
  list: procedure
    .input(i.list.input)
    .output(i.list.output)
    .query(({ ctx, input }) => listIncidents(ctx, input)),
  acknowledge: openProcedure
    .input(i.acknowledge.input)
    .output(i.acknowledge.output)
    .mutation(async ({ ctx, input }) =>
      acknowledgeIncident(await whereItIs(ctx, "incident", input.incidentId), input),
    ),
  resolve: openProcedure
    .input(i.resolve.input)
    .output(i.resolve.output)
    .mutation(async ({ ctx, input }) =>
      resolveIncident(await whereItIs(ctx, "incident", input.incidentId), input),
    ),
});

export const webhooksRouter = router({
  list: procedure
    .input(w.list.input)
    .output(w.list.output)
    .query(({ ctx, input }) => listWebhooks(ctx, input)),
  get: procedure
    .input(w.get.input)
    .output(w.get.output)
    .query(({ ctx, input }) => getWebhook(ctx, input)),
  replay: procedure
    .input(w.replay.input)
    .output(w.replay.output)
    .mutation(({ ctx, input }) => replayWebhooks(ctx, input)),
});
