/** What can be done to a campaign, by its status. */
import { can } from "../can.ts";
import type { CampaignStatus } from "./status.ts";

const because: Record<CampaignStatus, string> = {
  draft: "The campaign is a draft. Start it first.",
  scheduled: "The campaign waits for its start time.",
  running: "The campaign is running. Pause it first.",
  paused: "The campaign is paused. Resume it first.",
  completed: "The campaign is completed. Duplicate it to call again.",
  canceled: "The campaign was stopped for good. Duplicate it to call again.",
};

export const campaignCan = {
  /** First start; a scheduled campaign may be started early. */
  start: can<CampaignStatus>(["draft", "scheduled"], (status) =>
    status === "running" ? "The campaign is already running." : because[status],
  ),
  pause: can<CampaignStatus>(["running", "scheduled"], (status) =>
    status === "paused" ? "The campaign is already paused." : because[status],
  ),
  resume: can<CampaignStatus>(["paused"], (status) =>
    status === "running" ? "The campaign is already running." : because[status],
  ),
  cancel: can<CampaignStatus>(["draft", "scheduled", "running", "paused"], (status) => because[status]),
  /** Rules, budget, dates, pace. A running campaign is paused first, so that nobody edits what is being dialled. */
  update: can<CampaignStatus>(["draft", "scheduled", "paused"], (status) => because[status]),
  /** Who is called: fixed once the items exist. */
  changeAudience: can<CampaignStatus>(
    ["draft"],
    () => "The list is fixed once the campaign has been started. Duplicate it for another list.",
  ),
  /** Budget, pace and concurrency are safe to change while calls go out. */
  changeLimits: can<CampaignStatus>(["draft", "scheduled", "running", "paused"], (status) => because[status]),
  preflight: can<CampaignStatus>(["draft", "scheduled", "paused"], (status) => because[status]),
  /** Calling some of its people again waits until it has ended, so that nobody is called by both. */
  redial: can<CampaignStatus>(["completed", "canceled"], (status) =>
    status === "draft" || status === "scheduled"
      ? "Nobody has been called yet."
      : "The campaign still calls. Wait until it has ended, or stop it.",
  ),
  archive: can<CampaignStatus>(
    ["draft", "completed", "canceled"],
    () => "The campaign is not over. Stop it first.",
  ),
  duplicate: can<CampaignStatus>(
    ["draft", "scheduled", "running", "paused", "completed", "canceled"],
    () => "",
  ),
};

export type CampaignAct = keyof typeof campaignCan;
