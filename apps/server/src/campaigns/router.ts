import { campaignsProcedures as c } from "@parley/core/campaigns/schema";
import { procedure, router } from "../trpc.ts";
import { archiveCampaign } from "./archive.ts";
import { cancelCampaign } from "./cancel.ts";
import { createCampaign } from "./create.ts";
import { duplicateCampaign } from "./duplicate.ts";
import { listEvents } from "./events.ts";
import { explainItem } from "./explain.ts";
import { listItems } from "./items.ts";
import { listCampaigns } from "./list.ts";
import { pauseAll, pauseCampaign } from "./pause.ts";
import { preflight } from "./preflight.ts";
import { progress } from "./progress.ts";
import { redialCampaign } from "./redial.ts";
import { resumeCampaign } from "./resume.ts";
import { readCampaign } from "./row.ts";
import { startCampaign } from "./start.ts";
import { updateCampaign } from "./update.ts";

export const campaignsRouter = router({
  list: procedure
    .input(c.list.input)
    .output(c.list.output)
    .query(({ ctx, input }) => listCampaigns(ctx, input)),
  create: procedure
    .input(c.create.input)
    .output(c.create.output)
    .mutation(({ ctx, input }) => createCampaign(ctx, input)),
  get: procedure
    .input(c.get.input)
    .output(c.get.output)
    .query(({ ctx, input }) => ctx.db.tx((tx) => readCampaign(tx, input.campaignId))),
  update: procedure
    .input(c.update.input)
    .output(c.update.output)
    .mutation(({ ctx, input }) => updateCampaign(ctx, input)),
  duplicate: procedure
    .input(c.duplicate.input)
    .output(c.duplicate.output)
    .mutation(({ ctx, input }) => duplicateCampaign(ctx, input)),
  redial: procedure
    .input(c.redial.input)
    .output(c.redial.output)
    .mutation(({ ctx, input }) => redialCampaign(ctx, input)),
  archive: procedure
    .input(c.archive.input)
    .output(c.archive.output)
    .mutation(({ ctx, input }) => archiveCampaign(ctx, input)),
  preflight: procedure
    .input(c.preflight.input)
    .output(c.preflight.output)
    .query(({ ctx, input }) => preflight(ctx, input)),
  start: procedure
    .input(c.start.input)
    .output(c.start.output)
    .mutation(({ ctx, input }) => startCampaign(ctx, input)),
  pause: procedure
    .input(c.pause.input)
    .output(c.pause.output)
    .mutation(({ ctx, input }) => pauseCampaign(ctx, input)),
  pauseAll: procedure
    .input(c.pauseAll.input)
    .output(c.pauseAll.output)
    .mutation(({ ctx, input }) => pauseAll(ctx, input)),
  resume: procedure
    .input(c.resume.input)
    .output(c.resume.output)
    .mutation(({ ctx, input }) => resumeCampaign(ctx, input)),
  cancel: procedure
    .input(c.cancel.input)
    .output(c.cancel.output)
    .mutation(({ ctx, input }) => cancelCampaign(ctx, input)),
  progress: procedure
    .input(c.progress.input)
    .output(c.progress.output)
    .query(({ ctx, input }) => progress(ctx, input)),
  items: procedure
    .input(c.items.input)
    .output(c.items.output)
    .query(({ ctx, input }) => listItems(ctx, input)),
  explain: procedure
    .input(c.explain.input)
    .output(c.explain.output)
    .query(({ ctx, input }) => explainItem(ctx, input)),
  events: procedure
    .input(c.events.input)
    .output(c.events.output)
    .query(({ ctx, input }) => listEvents(ctx, input)),
});
