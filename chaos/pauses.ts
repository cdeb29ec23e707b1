import { setTimeout as pause } from "node:timers/promises";
import type { Tenant } from "./campaign.ts";
import type { Installation } from "./installation.ts";
import type { Verdict } from "./invariants.ts";

/** A pause that was answered: until the resume was sent, only calls it had counted may have been placed. */
type Hold = { campaignId: string; inAir: number; from: number; to: number };

const HELD_MS = 1_500;
const RESUMES_MAX = 60;

/** It runs already, or has ended. */
const isRefusal = (error: unknown) => (error as { data?: { code?: string } }).data?.code === "conflict";

/** Somebody pauses and resumes campaigns while everything else goes on, and remembers what each pause promised. */
export class Pauser {
  readonly #there: Installation;
  readonly #holds: Hold[] = [];

  constructor(there: Installation) {
    this.#there = there;
  }

  get count(): number {
    return this.#holds.length;
  }

  /** One pause and its resume. A request that got no answer promised nothing, and counts for nothing. */
  async pauseAndResume({ visitor, campaignId }: Tenant, heldMs = HELD_MS): Promise<void> {
    const answer = await visitor.trpc.campaigns.pause.mutate({ campaignId }).catch(() => null);
    const from = Date.now();
    await pause(heldMs);
    const to = Date.now();
    if (answer?.status === "paused") this.#holds.push({ campaignId, inAir: answer.inAir, from, to });
    // Whatever was answered, or not: nobody leaves until it goes on.
    for (let tries = 0; tries < RESUMES_MAX; tries++) {
      const isOn = await visitor.trpc.campaigns.resume.mutate({ campaignId }).then(
        () => true,
        (error: unknown) => isRefusal(error),
      );
      if (isOn) return;
      await pause(500);
    }
  }

  /** The same promise, for good. */
  async cancel({ visitor }: Tenant, campaignId: string): Promise<void> {
    const answer = await visitor.trpc.campaigns.cancel.mutate({ campaignId });
    this.#holds.push({ campaignId, inAir: answer.inAir, from: Date.now(), to: Infinity });
  }

  /** Rings carry the domain clock; while its speed stands, that is wall time. */
  async verdict(clock: { base: string; wall: string; scale: number }): Promise<Verdict> {
    const { rings } = await this.#there.truth();
    const calls = await this.#there.ask<{ id: string; campaign_id: string }>(
      "select id, campaign_id from calls where campaign_id is not null",
    );
    const campaignOf = new Map(calls.map((call) => [call.id, call.campaign_id]));
    const wallOf = (at: string) =>
      Date.parse(clock.wall) + (Date.parse(at) - Date.parse(clock.base)) / clock.scale;
    const broken = this.#holds.filter(({ campaignId, inAir, from, to }) => {
      const placed = rings.filter(
        ({ at, userData }) =>
          campaignOf.get(String(userData?.["call_id"])) === campaignId &&
          wallOf(at) > from &&
          wallOf(at) < to,
      );
      return placed.length > inAir;
    });
    return {
      what: "pauses and cancels after which more was dialled than they had counted",
      found: broken.length,
      expected: "0",
      ok: broken.length === 0,
    };
  }
}
