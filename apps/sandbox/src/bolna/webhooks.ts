import type { ExecutionJson } from "@parley/core/wire/bolna";
import type { Clock } from "../clock.ts";
import type { Faults } from "../faults.ts";
import type { Journal } from "../journal.ts";
import { integer } from "../random.ts";
import { isTerminal, type Execution } from "./execution.ts";

/** One event on its way: the body of the `step`th status of an execution. */
export interface Delivery {
  executionId: string;
  step: number;
  status: string;
  /** Where the agent wants its events at the moment of sending; it may move between two tries. */
  url: () => string | null;
  /** Several bodies when an event goes out more than once, or after a tool's own post; made when they are sent. */
  bodies: (() => unknown)[];
}

export interface Sent {
  at: string;
  executionId: string;
  status: string;
  url: string;
  result: string;
  attempt: number;
}

interface Settled {
  id: string;
  step: number;
}

const TIMEOUT_MS = 10_000;
export const usualRetriesMs: readonly number[] = [5_000, 30_000, 120_000];
const AT_ONCE = 64;
const REMEMBERED = 200;

/**
 * Posts every change of status to the agent's webhook URL. The events of one call go out one after the other; a 2xx
 * within ten seconds is a delivery, anything else (a redirect too) is tried again after 5 s, 30 s and 2 min of wall
 * time, while later events go their way. What was not settled before a restart is sent after it.
 */
export class Webhooks {
  /** The latest posts, newest last. */
  readonly recent: Sent[] = [];
  readonly counts = { delivered: 0, failed: 0, dropped: 0, retried: 0 };
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #retriesMs: readonly number[];
  readonly #settled = new Set<string>();
  readonly #chains = new Map<string, Promise<void>>();
  readonly #heldBack = new Map<string, Delivery[]>();
  readonly #retries = new Set<NodeJS.Timeout>();
  readonly #abort = new AbortController();
  #slots = AT_ONCE;
  readonly #queue: (() => void)[] = [];

  constructor(parts: { journal: Journal; clock: Clock; faults: Faults; retriesMs: readonly number[] }) {
    this.#journal = parts.journal;
    this.#clock = parts.clock;
    this.#faults = parts.faults;
    this.#retriesMs = parts.retriesMs;
    for (const { id, step } of this.#journal.read<Settled>("webhooks")) this.#settled.add(key(id, step));
  }

  /** Events not yet delivered or given up, retries included. */
  get pending(): number {
    return this.#chains.size + this.#retries.size;
  }

  isSettled(executionId: string, step: number): boolean {
    return this.#settled.has(key(executionId, step));
  }

  /** Sends the execution's `step`th status, as its plan and the faults will have it. */
  announce(
    execution: Execution,
    step: number,
    url: () => string | null,
    body: (step: number) => ExecutionJson,
  ): void {
    const { plan } = execution;
    const status = execution.reached[step]!.status;
    const done = (): void => this.#settle(execution.id, step);
    if (!url() || plan.events === "none") return done();
    if (plan.events === "reversed") {
      if (!isTerminal(status)) return;
      for (let each = step; each >= 1; each--) {
        this.#send({
          executionId: execution.id,
          step: each,
          status: execution.reached[each]!.status,
          url,
          bodies: [() => body(each)],
        });
      }
      return;
    }

    const delivery: Delivery = { executionId: execution.id, step, status, url, bodies: [() => body(step)] };
    const occasion = [execution.person, execution.createdAt, step];
    if (plan.toolPost && status === "in-progress") delivery.bodies.unshift(() => toolPost(body(step)));
    if (plan.events === "twice") delivery.bodies.push(() => body(step));
    if (this.#faults.strikes("drop_webhook", ...occasion)) {
      this.counts.dropped++;
      return done();
    }
    if (this.#faults.strikes("duplicate_webhook", ...occasion)) delivery.bodies.push(() => body(step));
    if (this.#faults.strikes("late_webhook", ...occasion)) {
      this.#clock.at(this.#clock.now() + integer(30_000, 300_000, "late", ...occasion), () =>
        this.#send(delivery),
      );
      return;
    }
    const waiting = this.#heldBack.get(execution.id);
    if (!isTerminal(status) && this.#faults.strikes("reorder_webhook", ...occasion)) {
      this.#heldBack.set(execution.id, [...(waiting ?? []), delivery]);
      return;
    }
    this.#send(delivery);
    this.#heldBack.delete(execution.id);
    for (const late of waiting ?? []) this.#send(late);
  }

  /** A post of somebody else's, once: no event of any call. */
  forge(url: string, body: unknown): void {
    void fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    }).then(
      (answer) => answer.body?.cancel(),
      () => {},
    );
  }

  /** Resolves when everything announced for this execution so far has been tried once. */
  async flushed(executionId: string): Promise<void> {
    await this.#chains.get(executionId);
  }

  clear(): void {
    this.#settled.clear();
    this.#heldBack.clear();
    for (const retry of this.#retries) clearTimeout(retry);
    this.#retries.clear();
    this.#journal.clear("webhooks");
  }

  close(): void {
    this.#abort.abort();
    for (const retry of this.#retries) clearTimeout(retry);
    this.#retries.clear();
  }

  #send(delivery: Delivery): void {
    const before = this.#chains.get(delivery.executionId) ?? Promise.resolve();
    const mine = before
      .then(() => this.#deliver(delivery))
      .finally(() => {
        if (this.#chains.get(delivery.executionId) === mine) this.#chains.delete(delivery.executionId);
      });
    this.#chains.set(delivery.executionId, mine);
  }

  async #deliver(delivery: Delivery): Promise<void> {
    await this.#slot();
    try {
      const failed: Delivery["bodies"] = [];
      for (const body of delivery.bodies) if (!(await this.#post(delivery, body, 1))) failed.push(body);
      if (failed.length) this.#retryLater({ ...delivery, bodies: failed }, 1);
      else this.#settle(delivery.executionId, delivery.step);
    } finally {
      this.#slots++;
      this.#queue.shift()?.();
    }
  }

  async #slot(): Promise<void> {
    if (this.#slots <= 0) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#slots--;
  }

  #retryLater(delivery: Delivery, attempt: number): void {
    if (this.#abort.signal.aborted) return;
    const wait = this.#retriesMs[attempt - 1];
    if (wait === undefined) {
      this.counts.failed++;
      this.#settle(delivery.executionId, delivery.step);
      return;
    }
    this.counts.retried++;
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      void this.#retry(delivery, attempt + 1);
    }, wait);
    this.#retries.add(timer);
  }

  async #retry(delivery: Delivery, attempt: number): Promise<void> {
    const failed: Delivery["bodies"] = [];
    for (const body of delivery.bodies) if (!(await this.#post(delivery, body, attempt))) failed.push(body);
    if (failed.length) this.#retryLater({ ...delivery, bodies: failed }, attempt);
    else this.#settle(delivery.executionId, delivery.step);
  }

  async #post(delivery: Delivery, body: () => unknown, attempt: number): Promise<boolean> {
    const url = delivery.url();
    if (!url) return true;
    let result: string;
    let ok = false;
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body()),
        redirect: "manual",
        signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await answer.body?.cancel();
      ok = answer.ok;
      result = String(answer.status);
    } catch (error) {
      result =
        error instanceof Error ? (error.name === "TimeoutError" ? "timeout" : reason(error)) : "failed";
    }
    if (ok) this.counts.delivered++;
    this.recent.push({
      at: new Date().toISOString(),
      executionId: delivery.executionId,
      status: delivery.status,
      url: url.replace(/[^/]{24,}$/, "…"),
      result,
      attempt,
    });
    if (this.recent.length > REMEMBERED) this.recent.shift();
    return ok;
  }

  #settle(executionId: string, step: number): void {
    this.#settled.add(key(executionId, step));
    this.#journal.append("webhooks", { id: executionId, step } satisfies Settled);
  }
}

const key = (executionId: string, step: number): string => `${executionId}/${step}`;

const reason = (error: Error): string =>
  error.cause instanceof Error && "code" in error.cause ? String(error.cause.code) : error.message;

/** What a pre-call tool without its own URL posts: an `in-progress` that is no change of status, with its own keys. */
function toolPost(event: ExecutionJson): unknown {
  return {
    ...event,
    status: "in-progress",
    tool_name: "check_availability",
    tool_call_id: `call_${event.id.slice(0, 8)}`,
    requested_slot: "afternoon",
    recipient: { segment: "warm" },
  };
}
