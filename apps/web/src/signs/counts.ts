import type { ByOutcome, ByStatus } from "@parley/core/campaigns/schema";
import type { BarPart } from "@/ui/bar.tsx";
import { count } from "@/ui/format.ts";
import type { Outcome } from "./outcome.tsx";

/** The counts of an answer under the names outcomes have everywhere else. */
export const outcomeCounts = (by: ByOutcome): Record<Outcome, number> => ({
  answered: by.answered,
  voicemail: by.voicemail,
  busy: by.busy,
  no_answer: by.noAnswer,
  failed: by.failed,
  canceled: by.canceled,
  unclear: by.unclear,
});

export const attemptsOf = (by: ByOutcome): number => Object.values(by).reduce((all, value) => all + value, 0);

/** People who could be called and for whom nothing more will be dialled. */
export const finishedOf = (by: ByStatus): number => by.completed + by.failed + by.canceled;

/** People no rule forbids to call; with the skipped ones they are the whole list. */
export const eligibleOf = (by: ByStatus): number => finishedOf(by) + by.pending + by.inProgress;

/** The progress line: reached, given up, on the phone; the grey rest waits. */
export const progressParts = (by: ByStatus): BarPart[] => [
  { label: `${count(by.completed)} done`, value: by.completed, fill: "bg-o-answered" },
  {
    label: `${count(by.failed + by.canceled)} gave up or canceled`,
    value: by.failed + by.canceled,
    fill: "bg-o-no-answer",
  },
  { label: `${count(by.inProgress)} on the phone`, value: by.inProgress, fill: "bg-accent" },
];
