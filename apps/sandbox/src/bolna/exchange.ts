import { randomUUID } from "node:crypto";
import type { BolnaStatus, ExecutionJson } from "@parley/core/wire/bolna";
import type { Clock, Timer } from "../clock.ts";
import type { Faults } from "../faults.ts";
import type { Journal } from "../journal.ts";
import { integer } from "../random.ts";
import type { Ring, Truth } from "../truth.ts";
import { startingAccount, usualLine, type Account } from "./account.ts";
import { detectsVoicemail, longestSeconds, type Agent, type Agents } from "./agents.ts";
import { conversationNamed } from "./conversations.ts";
import { endsLine, isTerminal, record, statusOf, type Execution } from "./execution.ts";
import {
  digitsOf,
  magicNumbers,
  outOfBalance,
  planCall,
  planInbound,
  REFILL_MS,
  usualMix,
  type CallToPlan,
  type FirstPost,
  type Mix,
} from "./plan.ts";
import type { Webhooks } from "./webhooks.ts";

export interface Order {
  agent: Agent;
  to: string;
  from: string | undefined;
  userData: Record<string, unknown> | null;
  /** Milliseconds; null = now. */
  scheduledAt: number | null;
}

/** What the account, the people and the seed are set to. */
export interface Settings {
  account: Account;
  seed: string;
  mix: Mix;
  /** Magic digits by number, for numbers that shall play another part than their own. */
  parts: Record<string, string>;
}

type Entry =
  | { placed: Omit<Execution, "reached">; status: BolnaStatus }
  | { id: string; status: BolnaStatus; at: number }
  | { forgotten: string[] };

interface Parts {
  clock: Clock;
  journal: Journal;
  truth: Truth;
  faults: Faults;
  agents: Agents;
  webhooks: Webhooks;
  seed: string;
  /** Where the recordings can be fetched. */
  publicUrl: () => string;
}

const RECENT = 40;

/** A call that is not dialled for want of money rings nowhere, and inbound ones ring us. */
const rings = (made: Omit<Execution, "reached">): boolean =>
  made.direction === "outbound" && made.plan.story !== "balance-low";

const ringOf = (made: Omit<Execution, "reached">): Ring => ({
  to: made.person,
  at: new Date(made.createdAt).toISOString(),
  executionId: made.id,
  userData: made.userData,
});

/**
 * The telephone exchange: takes orders, lets at most `concurrency` outbound calls dial at once (the others wait, first
 * come first served), moves every call along its plan on the sandbox's clock, and tells the webhooks.
 */
export class Exchange {
  readonly settings: Settings;
  readonly #parts: Parts;
  readonly #executions = new Map<string, Execution>();
  readonly #byAgent = new Map<string, Execution[]>();
  readonly #ordinals = new Map<string, number>();
  readonly #firstPosts = new Set<string>();
  readonly #waiting: Execution[] = [];
  readonly #timers = new Map<string, { timer: Timer; due: number }>();
  readonly #recent: Execution[] = [];
  readonly #dialling = new Set<string>();
  readonly #open = new Set<string>();
  readonly #counts = new Map<BolnaStatus, number>();
  readonly #calledBack = new Set<string>();
  #emptyUntil = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    const saved = parts.journal.read<Settings>("settings").at(-1);
    this.settings = saved ?? {
      account: { ...startingAccount },
      seed: parts.seed,
      mix: { ...usualMix },
      parts: {},
    };
    this.#replay();
  }

  get(id: string): Execution | undefined {
    return this.#executions.get(id);
  }

  all(): Iterable<Execution> {
    return this.#executions.values();
  }

  /** Executions of an agent in the order they were made. */
  ofAgent(agentId: string): readonly Execution[] {
    return this.#byAgent.get(agentId) ?? [];
  }

  /** The execution as the vendor tells it. */
  record(execution: Execution, step?: number): ExecutionJson {
    const told = record(execution, this.#parts.publicUrl(), step);
    const { faults } = this.#parts;
    const status = execution.reached[step ?? execution.reached.length - 1]?.status;
    if (status && isTerminal(status) && faults.strikes("odd_figures", execution.id)) oddFigures(told);
    if (told.transcript && faults.strikes("odd_text", execution.id))
      told.transcript += "user: \u0000\ud800\n";
    if (told.context_details && faults.strikes("lost_user_data", execution.id))
      told.context_details.recipient_data = null;
    return told;
  }

  /** The latest executions, newest first. */
  get recent(): Execution[] {
    return this.#recent.toReversed();
  }

  /** What happens next, soonest first. */
  upcoming(most: number): { execution: Execution; due: number }[] {
    return [...this.#timers]
      .map(([id, { due }]) => ({ execution: this.#executions.get(id)!, due }))
      .toSorted((a, b) => a.due - b.due)
      .slice(0, most);
  }

  get counts(): Record<string, number> {
    return Object.fromEntries([...this.#counts].filter(([, count]) => count > 0));
  }

  /** Calls dialling or live, and calls waiting for a line. */
  get traffic(): { current: number; waiting: number } {
    return { current: this.#dialling.size, waiting: this.#waiting.length };
  }

  get wallet(): number {
    return this.#parts.clock.now() < this.#emptyUntil ? 0 : this.settings.account.wallet;
  }

  change(change: (settings: Settings) => void): void {
    change(this.settings);
    this.#parts.journal.append("settings", this.settings);
    this.#dial(this.#parts.clock.now());
  }

  /** The magic digits by which this number behaves: its own, or those it was given. */
  partOf(to: string): string {
    return this.settings.parts[to] ?? digitsOf(to);
  }

  /**
   * Counts a well-formed `POST /call` to the number; says how the sandbox has to misbehave when it is the first one.
   */
  firstPost(to: string): FirstPost | null {
    const trick = magicNumbers[this.partOf(to)]?.firstPost;
    if (!trick || this.#firstPosts.has(to)) return null;
    this.#firstPosts.add(to);
    this.#parts.journal.append("posts", { to });
    return trick;
  }

  /** Accepts an order. The truth knows of the ring before this returns. */
  place(order: Order): Execution {
    const { agent, to } = order;
    const at = this.#parts.clock.now();
    const call = this.#callTo(agent, to, order.userData);
    const broke =
      this.settings.account.wallet <= 0 || this.#parts.faults.strikes("balance_low", to, call.ordinal);
    const plan = broke ? outOfBalance() : planCall(call, this.settings.mix, this.settings.parts[to]);
    if (this.#parts.faults.strikes("revised_transcript", to, call.ordinal)) plan.revised = true;
    return this.#accept({
      id: randomUUID(),
      agentId: agent.id,
      direction: "outbound",
      person: to,
      line: order.from ?? usualLine(to),
      userData: order.userData,
      createdAt: at,
      scheduledAt: order.scheduledAt,
      plan,
      welcome: agent.config.agent_welcome_message ?? null,
      answers: null,
    });
  }

  /** Somebody rings the agent. */
  ring(
    agent: Agent,
    person: string,
    about: { line?: string; userData?: Execution["userData"]; answers?: string } = {},
  ): Execution {
    const call = this.#callTo(agent, person, about.userData ?? null);
    return this.#accept({
      id: randomUUID(),
      agentId: agent.id,
      direction: "inbound",
      person,
      line: about.line ?? usualLine(person),
      userData: about.userData ?? null,
      createdAt: this.#parts.clock.now(),
      scheduledAt: null,
      plan: planInbound(call),
      welcome: agent.config.agent_welcome_message ?? null,
      answers: about.answers ?? null,
    });
  }

  /** Stops a call that has not been dialled; false when it is too late. */
  stop(execution: Execution): boolean {
    const status = statusOf(execution);
    if (status !== "queued" && status !== "scheduled") return false;
    this.#timers.get(execution.id)?.timer.cancel();
    const index = this.#waiting.indexOf(execution);
    if (index >= 0) this.#waiting.splice(index, 1);
    this.#reach(execution, "stopped", this.#parts.clock.now());
    return true;
  }

  /** The vendor deletes an agent's executions with the agent. */
  forget(agentId: string): void {
    const gone = this.#byAgent.get(agentId) ?? [];
    for (const execution of gone) {
      this.#timers.get(execution.id)?.timer.cancel();
      this.#closeLine(execution, this.#parts.clock.now());
      this.#executions.delete(execution.id);
      const status = statusOf(execution);
      this.#counts.set(status, (this.#counts.get(status) ?? 1) - 1);
    }
    this.#byAgent.delete(agentId);
    if (gone.length)
      this.#parts.journal.append("executions", { forgotten: gone.map(({ id }) => id) } satisfies Entry);
  }

  /** Resolves when the call has left the queue and its first event has been tried. */
  async firstEvent(execution: Execution): Promise<void> {
    while (execution.reached.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await this.#parts.webhooks.flushed(execution.id);
  }

  #callTo(agent: Agent, to: string, userData: Record<string, unknown> | null): CallToPlan {
    return {
      seed: this.settings.seed,
      to,
      ordinal: this.#ordinals.get(to) ?? 0,
      longestSeconds: longestSeconds(agent),
      detectsVoicemail: detectsVoicemail(agent),
      speaker: { welcome: agent.config.agent_welcome_message ?? null, userData },
    };
  }

  #accept(made: Omit<Execution, "reached">): Execution {
    const { clock, journal, truth } = this.#parts;
    const status: BolnaStatus =
      made.scheduledAt !== null && made.scheduledAt > clock.now() ? "scheduled" : "queued";
    const execution: Execution = { ...made, reached: [{ status, at: made.createdAt }] };
    journal.append("executions", { placed: made, status } satisfies Entry);
    if (rings(made)) truth.rang(ringOf(made));
    this.#remember(execution);
    this.#proceed(execution, made.createdAt);
    return execution;
  }

  #remember(execution: Execution): void {
    this.#executions.set(execution.id, execution);
    this.#recent.push(execution);
    if (this.#recent.length > RECENT) this.#recent.shift();
    const siblings = this.#byAgent.get(execution.agentId);
    if (siblings) siblings.push(execution);
    else this.#byAgent.set(execution.agentId, [execution]);
    this.#count(statusOf(execution), 1);
    if (execution.direction === "outbound") {
      this.#ordinals.set(execution.person, (this.#ordinals.get(execution.person) ?? 0) + 1);
    }
    if (execution.answers) this.#calledBack.add(execution.answers);
  }

  #count(status: BolnaStatus, by: 1 | -1): void {
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + by);
  }

  /** Arms whatever comes next, counted from `from`: the instant of the last change. */
  #proceed(execution: Execution, from: number): void {
    const status = statusOf(execution);
    if (status === "scheduled") {
      this.#when(execution, execution.scheduledAt ?? from, (at) => this.#reach(execution, "queued", at));
      return;
    }
    if (status === "queued") {
      this.#openLine(execution);
      if (execution.direction === "inbound") this.#next(execution, from);
      else {
        this.#waiting.push(execution);
        this.#dial(from);
      }
      return;
    }
    const { silentAfterMs, ringsBackMs } = execution.plan;
    const dropped = silentAfterMs !== undefined && from + silentAfterMs <= this.#parts.clock.now();
    if (!endsLine(status) && !dropped) {
      this.#openLine(execution);
      if (execution.direction === "outbound") this.#dialling.add(execution.id);
    }
    if (silentAfterMs !== undefined && status === "in-progress") {
      this.#when(execution, from + silentAfterMs, (at) => this.#closeLine(execution, at));
    } else if (status === "completed" && ringsBackMs !== undefined && !this.#calledBack.has(execution.id)) {
      this.#when(execution, from + ringsBackMs, () => this.#ringBack(execution));
    } else {
      this.#next(execution, from);
    }
  }

  #next(execution: Execution, from: number): void {
    const taken = execution.reached.length - (execution.scheduledAt === null ? 1 : 2);
    const step = execution.plan.steps[taken];
    if (!step || isTerminal(statusOf(execution))) return;
    this.#when(execution, from + step.afterMs, (at) => this.#reach(execution, step.status, at));
  }

  #when(execution: Execution, due: number, run: (at: number) => void): void {
    const timer = this.#parts.clock.at(due, (at) => {
      this.#timers.delete(execution.id);
      run(at);
    });
    this.#timers.set(execution.id, { timer, due });
  }

  #reach(execution: Execution, status: BolnaStatus, at: number): void {
    this.#count(statusOf(execution), -1);
    execution.reached.push({ status, at });
    this.#count(status, 1);
    this.#parts.journal.append("executions", { id: execution.id, status, at } satisfies Entry);
    this.#noteEmptyWallet(execution, status, at);
    if (endsLine(status)) this.#closeLine(execution, at);
    this.#announce(execution, execution.reached.length - 1);
    this.#proceed(execution, at);
  }

  #noteEmptyWallet(execution: Execution, status: BolnaStatus, at: number): void {
    if (status === "balance-low" && this.partOf(execution.person) === "0019")
      this.#emptyUntil = at + REFILL_MS;
  }

  #announce(execution: Execution, step: number): void {
    const url = (): string | null => this.#parts.agents.get(execution.agentId)?.config.webhook_url ?? null;
    this.#parts.webhooks.announce(execution, step, url, (each) => this.record(execution, each));
    if (this.#parts.faults.strikes("forged_webhook", execution.id, step)) this.#forge(execution, step);
  }

  /** Whoever knows one agent's address tells lies there about another's call. */
  #forge(execution: Execution, step: number): void {
    const other = this.#parts.agents.all().find(({ id }) => id !== execution.agentId);
    if (!other?.config.webhook_url) return;
    const lie = { ...this.record(execution, step), status: "completed" as const, conversation_duration: 999 };
    this.#parts.webhooks.forge(other.config.webhook_url, lie);
  }

  #dial(at: number): void {
    while (this.#waiting.length && this.#dialling.size < this.settings.account.concurrency) {
      const execution = this.#waiting.shift()!;
      this.#dialling.add(execution.id);
      this.#next(execution, at);
    }
  }

  #openLine(execution: Execution): void {
    if (execution.direction === "inbound" || this.#open.has(execution.id)) return;
    this.#open.add(execution.id);
    this.#parts.truth.lineOpened(execution.agentId);
  }

  #closeLine(execution: Execution, at: number): void {
    if (this.#open.delete(execution.id)) this.#parts.truth.lineClosed(execution.agentId);
    if (this.#dialling.delete(execution.id)) this.#dial(at);
  }

  #ringBack(execution: Execution): void {
    const agent = this.#parts.agents.get(execution.agentId);
    if (agent) {
      this.ring(agent, execution.person, {
        line: execution.line,
        userData: execution.userData,
        answers: execution.id,
      });
    }
  }

  #replay(): void {
    const { journal, truth } = this.#parts;
    for (const { to } of journal.read<{ to: string }>("posts")) this.#firstPosts.add(to);
    const known = new Set(truth.rings.map(({ executionId }) => executionId));
    for (const entry of journal.read<Entry>("executions")) {
      if ("placed" in entry) {
        const { placed, status } = entry;
        // A crash between the two lines of an order leaves the call without its ring.
        if (rings(placed) && !known.has(placed.id)) truth.rang(ringOf(placed));
        this.#remember({ ...placed, reached: [{ status, at: placed.createdAt }] });
      } else if ("forgotten" in entry) {
        for (const id of entry.forgotten) {
          const execution = this.#executions.get(id);
          if (!execution) continue;
          this.#count(statusOf(execution), -1);
          this.#executions.delete(id);
          this.#byAgent.delete(execution.agentId);
        }
      } else {
        const execution = this.#executions.get(entry.id);
        if (!execution) continue;
        this.#count(statusOf(execution), -1);
        execution.reached.push({ status: entry.status, at: entry.at });
        this.#count(entry.status, 1);
        this.#noteEmptyWallet(execution, entry.status, entry.at);
      }
    }
  }

  /** Goes on where an earlier sandbox stopped: calls in the air, people who want to ring back, events not delivered. */
  resume(): void {
    const past = [...this.#executions.values()];
    for (const execution of past) {
      for (let step = 1; step < execution.reached.length; step++) {
        if (!this.#parts.webhooks.isSettled(execution.id, step)) this.#announce(execution, step);
      }
    }
    const goOn = (execution: Execution): void => this.#proceed(execution, execution.reached.at(-1)!.at);
    // Calls that already had a line come before those that wait for one.
    past.filter((execution) => statusOf(execution) !== "queued").forEach(goOn);
    past.filter((execution) => statusOf(execution) === "queued").forEach(goOn);
  }

  /** Forgets every call, and with them who has been called before. */
  clear(): void {
    for (const { timer } of this.#timers.values()) timer.cancel();
    for (const execution of this.#executions.values()) {
      if (this.#open.delete(execution.id)) this.#parts.truth.lineClosed(execution.agentId);
    }
    this.#timers.clear();
    this.#recent.length = 0;
    this.#executions.clear();
    this.#byAgent.clear();
    this.#ordinals.clear();
    this.#firstPosts.clear();
    this.#waiting.length = 0;
    this.#dialling.clear();
    this.#counts.clear();
    this.#calledBack.clear();
    this.#emptyUntil = 0;
    this.#parts.journal.clear("executions");
    this.#parts.journal.clear("posts");
  }

  /** The gist of what the person said, for the truth and the desk. */
  gistOf(execution: Execution): string | null {
    return execution.plan.conversation ? conversationNamed(execution.plan.conversation).gist : null;
  }
}

/** One of four, by the call: what a vendor's careless change of types looks like. */
function oddFigures(told: ExecutionJson): void {
  const length = Number(told.conversation_duration);
  const odd: unknown[] = [String(length), -length, null, length + 3600];
  Object.assign(told, { conversation_duration: odd[integer(0, 3, "odd", told.id)] });
}
