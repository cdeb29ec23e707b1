import { jobContext } from "../context.ts";
import { defineTask, type Task } from "../define-task.ts";
import { finishCampaign } from "./finish.ts";
import { queueCallback } from "./keep-callback.ts";
import { launchCampaign } from "./launch.ts";
import { settleItem } from "./settle-item.ts";

export const campaignsTasks: Task[] = [
  defineTask("campaigns/launch", (parts, { userId, campaignId }, signal) =>
    launchCampaign(jobContext(parts, userId), campaignId, signal),
  ),
  defineTask("campaigns/callback", (parts, { userId, taskId }) =>
    queueCallback(jobContext(parts, userId), { taskId }),
  ),
  defineTask("campaigns/settle_item", (parts, { userId, itemId }) =>
    settleItem(jobContext(parts, userId), { itemId }),
  ),
  defineTask("campaigns/finish", (parts, { userId, campaignId }) =>
    finishCampaign(jobContext(parts, userId), campaignId),
  ),
];
