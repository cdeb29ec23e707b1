import type { Tenant } from "./campaign.ts";
import type { Installation } from "./installation.ts";
import type { Verdict } from "./invariants.ts";

/** Somebody said "never call me again", and was told that nobody will. */
type Stop = { userId: string; phoneNumber: string; from: number };

/** People who are still to be called ask not to be, while everything else goes on. */
export class Stopper {
  readonly #there: Installation;
  readonly #random: () => number;
  readonly #stops: Stop[] = [];

  constructor(there: Installation, random: () => number) {
    this.#there = there;
    this.#random = random;
  }

  get count(): number {
    return this.#stops.length;
  }

  /** One of those who wait to be called, or are being called. A request that got no answer promised nothing. */
  async stopSomebody({ id: userId, visitor }: Tenant): Promise<void> {
    const waiting = await this.#there
      .ask<{ phone_number: string }>(
        `select phone_number from call_queue
         where user_id = $1 and status in ('pending', 'in_progress') order by status, due_at limit 30`,
        [userId],
      )
      .catch(() => []);
    const phoneNumber = waiting[Math.floor(this.#random() * waiting.length)]?.phone_number;
    if (!phoneNumber) return;
    const answered = await visitor.trpc.suppressions.add
      .mutate({ phoneNumbers: [phoneNumber], reason: "asked" })
      .then(
        () => true,
        () => false,
      );
    if (answered) this.#stops.push({ userId, phoneNumber, from: Date.now() });
  }

  async verdict(): Promise<Verdict> {
    const dials = await this.#there.ask<{ user_id: string; phone_number: string; at: string }>(
      "select user_id, phone_number, dialing_wall as at from calls where direction = 'outbound' and dialing_wall is not null",
    );
    const broken = this.#stops.filter(({ userId, phoneNumber, from }) =>
      dials.some(
        (dial) => dial.user_id === userId && dial.phone_number === phoneNumber && Date.parse(dial.at) > from,
      ),
    );
    return {
      what: "people dialled after it was promised that nobody would",
      found: broken.length,
      expected: "0",
      ok: broken.length === 0,
    };
  }
}
