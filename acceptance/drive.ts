import { sleep, type House } from "./house.ts";
import { advance } from "./steps.ts";
import type { Output, Visitor } from "./visitor.ts";

/** Wall time in which a campaign may stand still before the clock is moved. */
const STILL_MS = 600;
const MINUTES = 60_000;
/** Tries that come due so soon after one another are waited for together. */
const TOGETHER = 20 * MINUTES;

/**
 * Lets a campaign go to its end without living through the days that its retries wait: whenever nothing has moved for a
 * moment the clock jumps to the next try, or a little ahead while a call is still in the air.
 */
export async function driveToEnd(
  house: House,
  owner: Visitor,
  campaignId: string,
  { withinMs = 300_000 } = {},
): Promise<Output<"campaigns.progress">> {
  const end = performance.now() + withinMs;
  let seen = "";
  let since = performance.now();
  for (;;) {
    const progress = await owner.ask("campaigns.progress", { campaignId });
    if (progress.status === "completed" || progress.status === "canceled") return progress;
    if (performance.now() > end) throw new Error(`The campaign does not end: ${JSON.stringify(progress)}`);
    const { rings } = await house.control("GET", "truth/count");
    const now = JSON.stringify([progress.byStatus, progress.byOutcome, progress.inAir, rings]);
    if (now !== seen) [seen, since] = [now, performance.now()];
    else if (performance.now() - since > STILL_MS) {
      const at = Date.parse((await house.clock()).now);
      const next = progress.waiting.map(({ nextAt }) => (nextAt ? Date.parse(nextAt) : Infinity));
      const jump = progress.inAir > 0 ? at + 2 * MINUTES : Math.min(...next) + TOGETHER;
      if (Number.isFinite(jump)) await advance(house, new Date(Math.max(jump, at)).toISOString());
      since = performance.now();
    }
    await sleep(100);
  }
}
