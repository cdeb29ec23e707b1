import { agentsProcedures as its } from "@parley/core/agents/schema";
import { procedure, router } from "../trpc.ts";
import { adoptAgent } from "./adopt.ts";
import { archiveAgent } from "./archive.ts";
import { createAgent } from "./create.ts";
import { getAgent, listAgents } from "./list.ts";
import { resyncAgent, rotateWebhookKey } from "./resync.ts";
import { updateAgent } from "./update.ts";
import { listVoices } from "./voices.ts";

export const agentsRouter = router({
  list: procedure
    .input(its.list.input)
    .output(its.list.output)
    .query(({ ctx, input }) => listAgents(ctx, input)),
  get: procedure
    .input(its.get.input)
    .output(its.get.output)
    .query(({ ctx, input }) => getAgent(ctx, input)),
  voices: procedure
    .input(its.voices.input)
    .output(its.voices.output)
    .query(({ ctx }) => listVoices(ctx)),
  create: procedure
    .input(its.create.input)
    .output(its.create.output)
    .mutation(({ ctx, input }) => createAgent(ctx, input)),
  update: procedure
    .input(its.update.input)
    .output(its.update.output)
    .mutation(({ ctx, input }) => updateAgent(ctx, input)),
  archive: procedure
    .input(its.archive.input)
    .output(its.archive.output)
    .mutation(({ ctx, input }) => archiveAgent(ctx, input)),
  sync: procedure
    .input(its.sync.input)
    .output(its.sync.output)
    .mutation(({ ctx, input }) => resyncAgent(ctx, input)),
  adopt: procedure
    .input(its.adopt.input)
    .output(its.adopt.output)
    .mutation(({ ctx, input }) => adoptAgent(ctx, input)),
  rotateKey: procedure
    .input(its.rotateKey.input)
    .output(its.rotateKey.output)
    .mutation(({ ctx, input }) => rotateWebhookKey(ctx, input)),
});
