import { basisText, finishText, rangeText, waitText } from "@parley/core/campaigns/forecast-words";
import type { CampaignForecast, CampaignProgress } from "@parley/core/campaigns/schema";
import { reasonText } from "@parley/core/reasons";
import { bar, figure, moment, percent } from "./render.ts";

const outcomeWords: [keyof CampaignProgress["byOutcome"], string][] = [
  ["answered", "answered"],
  ["voicemail", "voicemail"],
  ["busy", "busy"],
  ["noAnswer", "no answer"],
  ["failed", "failed"],
  ["canceled", "canceled"],
  ["unclear", "unclear"],
];

/** Items after which nothing more is dialled. */
export const doneOf = ({ byStatus }: CampaignProgress): number =>
  byStatus.completed + byStatus.failed + byStatus.canceled + byStatus.skipped;

/**
 * One line that tells a running campaign: how far, how fast, with what outcome, until when, and what holds it back.
 */
export function campaignLine(progress: CampaignProgress, now = new Date()): string {
  const { total, status, rate, inAir, limitingFactor, launch } = progress;
  const done = doneOf(progress);
  const launching =
    launch && launch.done < launch.total ? `queueing ${figure(launch.done)}/${figure(launch.total)}` : null;
  return [
    `${bar(done, total)} ${percent(done, total)}  ${figure(done)}/${figure(total)}`,
    launching,
    inAir > 0 ? `${figure(inAir)} in the air` : null,
    rate > 0 ? `${rate.toFixed(1)}/min` : null,
    outcomes(progress),
    ending(progress, now),
    status === "running" ? heldBackBy(limitingFactor) : statusText(progress),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** `12 answered, 3 busy`: what there is, in a fixed order. */
export function outcomes({ byOutcome }: CampaignProgress): string {
  return outcomeWords
    .flatMap(([key, word]) => (byOutcome[key] > 0 ? [`${figure(byOutcome[key])} ${word}`] : []))
    .join(", ");
}

function ending({ forecast, status }: CampaignProgress, now: Date): string | null {
  if (status !== "running" || !forecast) return null;
  return uncapital(finishText(forecast, writing(now)).replace(/\.$/, ""));
}

/** A forecast as lines for somebody who is about to start. */
export function forecastLines(forecast: CampaignForecast, now = new Date()): [string, string][] {
  const its = writing(now);
  return [
    ["Forecast", finishText(forecast, its)],
    ["Calls", rangeText(forecast.calls, its)],
    ["Conversations", rangeText(forecast.answered, its)],
    ["Credits", rangeText(forecast.credits, its)],
    ["Waits for", `mostly ${waitText(forecast)}`],
    ["Rests on", basisText(forecast, its)],
  ];
}

const writing = (now: Date) => ({ moment: (at: string) => moment(at, now), count: figure });
const uncapital = (text: string) => text[0]!.toLowerCase() + text.slice(1);

const heldBackBy = (factor: string | null): string | null =>
  factor === null || factor === "due" ? null : reasonText(factor);

function statusText({ status, statusReason }: CampaignProgress): string {
  return statusReason ? `${status}: ${reasonText(statusReason)}` : status;
}

/** The last words about a campaign: one line of sums. */
export function summary(progress: CampaignProgress): string {
  const { byStatus, total, spent, status } = progress;
  const parts = [
    `${figure(total)} people: ${figure(byStatus.completed)} reached`,
    byStatus.failed > 0 ? `${figure(byStatus.failed)} not reached` : null,
    byStatus.skipped > 0 ? `${figure(byStatus.skipped)} skipped` : null,
    byStatus.canceled > 0 ? `${figure(byStatus.canceled)} canceled` : null,
  ].filter(Boolean);
  return `${status[0]!.toUpperCase()}${status.slice(1)}. ${parts.join(", ")}. ${figure(spent)} credits spent.`;
}
