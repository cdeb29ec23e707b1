/** What a forecast says, as people say it. How instants and numbers are written is the caller's part. */
import { reasonOf } from "../reasons.ts";
import type { CampaignForecast } from "./schema.ts";

export type Writing = { moment: (at: string) => string; count: (value: number) => string };

type Said = Pick<CampaignForecast, "finish" | "stops" | "left">;

/** Below, what ends it early is a risk that is mentioned; from here on it is what will happen. */
const LIKELY = 0.5;

/**
 * `Done between 17:10 and 18:25, most likely 17:40.` Two instants that are written alike are one. What will end it
 * before that, or might, is said with it, and how many people that leaves.
 */
export function finishText({ finish, stops, left }: Said, { moment, count }: Writing): string {
  const people = left > 0 ? ` ${count(left)} ${left === 1 ? "person is" : "people are"} left then.` : "";
  if (!finish) {
    if (!stops) return "When it will be done cannot be said.";
    const when = stops.at ? ` That is likely at ${moment(stops.at)}.` : "";
    return `It will not get done by itself: ${lowered(reasonOf(stops.reason).text)}${when}${people}`;
  }
  if (stops?.reason === "campaign_over" && stops.share > LIKELY && stops.at)
    return `Ends ${moment(stops.at)}, at its end date, before everybody was called as often as the rules want.${people}`;
  const risk = stops
    ? ` In ${count(Math.max(1, Math.round(stops.share * 10)))} of 10 cases it stops before: ${riskOf[stops.reason] ?? lowered(reasonOf(stops.reason).text)}`
    : "";
  const [low, mid, high] = [moment(finish.low), moment(finish.mid), moment(finish.high)];
  if (low === high) return `Done at about ${mid}.${risk}`;
  return `Done between ${low} and ${sameDay(low, high)}, most likely ${sameDay(low, mid)}.${risk}`;
}

/** `17:10 – 18:25`, `Mon 05:32 – 09:17`; `17:40` when that is all one; null when it will not get done. */
export function finishBand({ finish }: Said, { moment }: Pick<Writing, "moment">): string | null {
  if (!finish) return null;
  const [low, high] = [moment(finish.low), moment(finish.high)];
  return low === high ? low : `${low} – ${sameDay(low, high)}`;
}

/** Of `Mon 09:17` after `Mon 05:32` only `09:17` is new. */
function sameDay(before: string, text: string): string {
  const day = before.slice(0, before.lastIndexOf(" ") + 1);
  return day !== "" && text.startsWith(day) ? text.slice(day.length) : text;
}

/** What it rests on: `from 240 of its own calls`. */
export function basisText(
  { learnedFrom: { own, earlier } }: CampaignForecast,
  { count }: Pick<Writing, "count">,
): string {
  const calls = (n: number) => `${count(n)} ${n === 1 ? "call" : "calls"}`;
  if (own > 0 && earlier > 0) return `from ${calls(own)} of its own and ${calls(earlier)} before`;
  if (own > 0) return `from ${calls(own)} of its own`;
  if (earlier > 0) return `from ${calls(earlier)} of earlier campaigns`;
  return "from what is usual elsewhere: no call has ended here yet";
}

/** What most of the time is waited for, and what would shorten it. */
export function waitText({ limitingFactor }: Pick<CampaignForecast, "limitingFactor">): string {
  if (limitingFactor === null) return "nothing but the calls themselves";
  return waits[limitingFactor] ?? lowered(reasonOf(limitingFactor).text).replace(/\.$/, "");
}

const waits: Record<string, string> = {
  user_limit: "a free line of the workspace; more lines would shorten it",
  system_limit: "a free line of the installation, which others share",
  provider_lines: "a free line of the voice provider",
  campaign_cap: "a line within the campaign's own cap; a higher cap would shorten it",
  pace: "the campaign's own pace; a higher one would shorten it",
  provider_budget: "the rate at which the provider takes calls",
  window_closed: "the hours in which people may be called",
  retry_gap: "the gaps between tries that your retry rules set",
  campaign_scheduled: "its start time",
};

/** `38 to 52`, or `50` when that is sure. */
export const rangeText = (band: { low: number; high: number }, { count }: Pick<Writing, "count">): string =>
  band.low === band.high ? count(band.low) : `${count(band.low)} to ${count(band.high)}`;

const riskOf: Partial<Record<string, string>> = {
  credits: "credits run out.",
  budget: "the budget is used up.",
  campaign_over: "the end date comes first.",
};

const lowered = (text: string) => text[0]!.toLowerCase() + text.slice(1);
