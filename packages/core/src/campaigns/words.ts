/** How campaigns and queue items are named: word, icon (lucide), tone. */
import type { Sign } from "../calls/words.ts";
import type { SettledBecause } from "./retry.ts";
import type { CampaignStatus, ItemStatus } from "./status.ts";

export const campaignSigns: Record<CampaignStatus, Sign> = {
  draft: { word: "Draft", icon: "pencil-line", tone: "plain" },
  scheduled: { word: "Scheduled", icon: "calendar-clock", tone: "accent" },
  running: { word: "Running", icon: "play", tone: "ok" },
  paused: { word: "Paused", icon: "pause", tone: "warn" },
  completed: { word: "Completed", icon: "check", tone: "plain" },
  canceled: { word: "Stopped", icon: "square", tone: "plain" },
};

export const itemSigns: Record<ItemStatus, Sign> = {
  in_progress: { word: "On the phone", icon: "audio-lines", tone: "ok" },
  pending: { word: "Waiting", icon: "hourglass", tone: "strong" },
  completed: { word: "Done", icon: "check", tone: "strong" },
  failed: { word: "Gave up", icon: "circle-slash", tone: "plain" },
  canceled: { word: "Canceled", icon: "ban", tone: "plain" },
  skipped: { word: "Skipped", icon: "shield-ban", tone: "plain" },
};

/** Why an item was settled rather than tried again. */
export const settledWords: Record<SettledBecause, string> = {
  answered: "A person answered.",
  voicemail: "A voicemail took the call; your rules do not try again after that.",
  canceled: "The call was stopped.",
  unclear: "It is not known how the last try ended, so it is not repeated.",
  no_retry_for_outcome: "Your rules do not try again after such an end.",
  retries_used_up: "All tries for such an end are used up.",
  attempts_used_up: "All tries are used up.",
  after_campaign_end: "The next try would come after the campaign's end.",
};
