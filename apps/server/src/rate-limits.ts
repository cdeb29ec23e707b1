import { ParleyError } from "@parley/core/errors";

type Limit = {
  /** Requests at once, and as many again in every window. */
  max: number;
  windowSeconds: number;
  /** Whom it counts: an address, or a person or key. */
  by: "ip" | "actor";
};

/** Every limit there is. RATE_LIMIT_FACTOR multiplies `max`. */
export const limits = {
  "auth.signUp": { max: 10, windowSeconds: 3600, by: "ip" },
  "auth.signIn": { max: 30, windowSeconds: 300, by: "ip" },
  "auth.resetPassword": { max: 20, windowSeconds: 3600, by: "ip" },
  "auth.invitation": { max: 60, windowSeconds: 300, by: "ip" },
  "auth.acceptInvitation": { max: 20, windowSeconds: 3600, by: "ip" },
  "auth.changePassword": { max: 10, windowSeconds: 3600, by: "actor" },
  "calls.place": { max: 60, windowSeconds: 60, by: "actor" },
  "campaigns.create": { max: 60, windowSeconds: 60, by: "actor" },
  "agents.create": { max: 30, windowSeconds: 60, by: "actor" },
  "agents.sync": { max: 30, windowSeconds: 60, by: "actor" },
  "leads.reanalyse": { max: 60, windowSeconds: 60, by: "actor" },
  "members.invite": { max: 30, windowSeconds: 3600, by: "actor" },
  "apiKeys.create": { max: 30, windowSeconds: 3600, by: "actor" },
  "ops.sql": { max: 60, windowSeconds: 60, by: "actor" },
  "POST /api/imports": { max: 60, windowSeconds: 3600, by: "actor" },
  /** One person's password may be tried this often, from wherever. */
  "password of one person": { max: 10, windowSeconds: 300, by: "actor" },
  /** Everything else together. */
  "any request": { max: 1200, windowSeconds: 60, by: "actor" },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof limits;

const KEPT = 50_000;

/**
 * Counts requests by the generic cell rate algorithm: one instant per limit and asker, in this process's memory.
 * Several processes behind one balancer allow that many times more.
 */
export class RateLimits {
  readonly #emptyAt = new Map<string, number>();
  readonly #factor: number;
  readonly #clock: () => number;

  constructor(factor = 1, clock = () => performance.now()) {
    this.#factor = factor;
    this.#clock = clock;
  }

  /** Spends one request of `path` and one of all requests; `limit_reached` when there is none left. */
  spend(path: string, ip: string, actor: string | undefined): void {
    for (const name of [path, "any request"] as const) {
      if (!(name in limits)) continue;
      const limit: Limit = limits[name as LimitName];
      this.take(name as LimitName, limit.by === "ip" ? ip : (actor ?? ip));
    }
  }

  take(name: LimitName, asker: string): void {
    const { max, windowSeconds }: Limit = limits[name];
    const now = this.#clock();
    const step = (windowSeconds * 1000) / (max * this.#factor);
    const id = `${name} ${asker}`;
    const emptyAt = Math.max(this.#emptyAt.get(id) ?? now, now) + step;
    const waitMs = emptyAt - now - windowSeconds * 1000;
    if (waitMs > 1) {
      const retryAfterSeconds = Math.ceil(waitMs / 1000);
      throw new ParleyError("limit_reached", `Too many requests. Try again in ${retryAfterSeconds} s.`, {
        retryAfterSeconds,
      });
    }
    // Insertion order is age: the map stays bounded by forgetting whoever has been quiet longest.
    this.#emptyAt.delete(id);
    this.#emptyAt.set(id, emptyAt);
    if (this.#emptyAt.size > KEPT) this.#emptyAt.delete(this.#emptyAt.keys().next().value!);
  }
}
