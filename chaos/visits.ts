import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { steps, type Step } from "../apps/server/src/failpoints.ts";
import type { Env } from "./programs.ts";

const inRequests = (step: Step) => step.startsWith("webhook.");
/** Passed a few times in a run: everybody waits there. */
const rare: readonly Step[] = [
  "launch.queued",
  "campaign.finished",
  "import.staged",
  "import.committed",
  "reconcile.bound",
  "reconcile.listed",
];

const USUAL_SHARE = 0.3;

/** Sees to it that a process died at each labelled step, `times` times. */
export class Visits {
  readonly times: number;
  readonly #log = join(tmpdir(), `parley-chaos-visits-${process.pid}-${Date.now()}`);
  readonly #random: () => number;
  #isOn = false;

  constructor(times: number, random: () => number) {
    this.times = times;
    this.#random = random;
  }

  /** From the next start of each process on. */
  begin(): void {
    this.#isOn = true;
  }

  end(): void {
    this.#isOn = false;
  }

  get counts(): Record<Step, number> {
    const seen = existsSync(this.#log) ? readFileSync(this.#log, "utf8").split("\n") : [];
    const by = Map.groupBy(seen, (step) => step);
    return Object.fromEntries(steps.map((step) => [step, by.get(step)?.length ?? 0])) as Record<Step, number>;
  }

  get isDone(): boolean {
    return this.left().length === 0;
  }

  left(): Step[] {
    const { counts } = this;
    return steps.filter((step) => counts[step] < this.times);
  }

  /** For one start of a process: where it is to die. What is often passed is survived a few times, so that all gets on. */
  env(role: "http" | "worker"): Env {
    if (!this.#isOn) return {};
    const open = this.left().filter((step) => inRequests(step) === (role === "http"));
    const usual = open.filter((step) => !rare.includes(step));
    const one = usual[Math.floor(this.#random() * usual.length)];
    const here = [
      ...open.filter((step) => rare.includes(step)).map((step) => `${step}:once`),
      ...(one ? [`${one}:${USUAL_SHARE}`] : []),
    ];
    return { PARLEY_FAILPOINTS: here.join(","), PARLEY_FAILPOINTS_LOG: this.#log };
  }

  close(): void {
    rmSync(this.#log, { force: true });
  }
}
