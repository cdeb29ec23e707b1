import type { OpsView } from "@parley/core/ops/schema";

/** What each view of schema `ops` answers, in the order in which one looks when something stands still. */
export const viewWords: Record<OpsView, { name: string; asks: string; quiet: string }> = {
  slots_now: {
    name: "Lines",
    asks: "Who holds a line, against which limit?",
    quiet: "No line is held. Nobody is on the phone.",
  },
  lines_held: {
    name: "Lines held",
    asks: "Who holds each line, and since when?",
    quiet: "No line is held.",
  },
  queue_now: {
    name: "Queue",
    asks: "What is due, what waits, and since when?",
    quiet: "Nothing is due and nothing waits.",
  },
  lanes: {
    name: "Lanes",
    asks: "Which lanes may be dialled now, and what blocks the others?",
    quiet: "There are no lanes: no campaign has been launched.",
  },
  stuck: {
    name: "Stuck",
    asks: "What is overdue, and what heals it?",
    quiet: "Nothing is overdue. The sweep rings for late rows by itself every five seconds.",
  },
  unknown_calls: {
    name: "Unclear calls",
    asks: "Which dials had no clear answer, and when are they looked up?",
    quiet: "Every dial had a clear answer.",
  },
  jobs: { name: "Jobs", asks: "Which jobs wait, run or gave up?", quiet: "No job is waiting." },
  webhook_lag: {
    name: "Webhooks",
    asks: "How far behind is the folding of webhooks?",
    quiet: "Every webhook has been folded.",
  },
  webhook_journal: {
    name: "Journal",
    asks: "What arrived, and what became of it?",
    quiet: "No webhook has arrived.",
  },
  incidents_open: { name: "Incidents", asks: "What needs a person?", quiet: "No incident is open." },
  ledger_check: {
    name: "Ledger check",
    asks: "Does every balance equal the sum of its entries?",
    quiet: "There is no workspace yet.",
  },
  campaign_progress: {
    name: "Campaigns",
    asks: "How far is every campaign that has been launched?",
    quiet: "No campaign has been launched.",
  },
  tenants: { name: "Workspaces", asks: "Who is on this installation?", quiet: "Nobody has signed up yet." },
};

/** Those that are a tab of their own; the others stand beside one. */
export const viewNames = (Object.keys(viewWords) as OpsView[]).filter(
  (name) => name !== "lines_held" && name !== "webhook_journal",
);
