/** The words for where campaigns and queue items stand, and why they wait; no zod, so that every screen can import it. */
export const campaignStatuses = ["draft", "scheduled", "running", "paused", "completed", "canceled"] as const;
export type CampaignStatus = (typeof campaignStatuses)[number];

export const itemStatuses = ["pending", "in_progress", "completed", "failed", "canceled", "skipped"] as const;
export type ItemStatus = (typeof itemStatuses)[number];

/** Item statuses after which nothing more is dialled. */
export const endedItemStatuses = [
  "completed",
  "failed",
  "canceled",
  "skipped",
] as const satisfies readonly ItemStatus[];

export const itemKinds = ["campaign", "direct", "callback"] as const;
export type ItemKind = (typeof itemKinds)[number];
