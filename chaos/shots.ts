import { setTimeout as pause } from "node:timers/promises";
import type { Installation, Kept, Victim } from "./installation.ts";
import type { Progress } from "./progress.ts";

/** Whom it hit, only while they were alive and at work, and how. */
export type Kills = Record<"http" | "worker" | "sandbox" | "postgres" | "postgresStopped", number>;

const BACK_WITHIN_MS = 60_000;
/** Fewer at work than this share: they are left alone for a while. */
const HALF = 0.5;

type Its = {
  there: Installation;
  progress: Progress;
  random: () => number;
  isOver: () => boolean;
};

/** Who shoots, or brings to a standstill, and whom it hit so far. */
export class Shots {
  readonly kills: Kills = { http: 0, worker: 0, sandbox: 0, postgres: 0, postgresStopped: 0 };
  /** Workers that stood still and went on as if nothing had happened; and those that were shot before they did. */
  readonly standstills = { wentOn: 0, died: 0 };
  readonly #its: Its;

  constructor(its: Its) {
    this.#its = its;
  }

  /** `atLeast`: whoever was hit less often than that comes first. */
  async programs(victims: readonly Victim[], everySeconds: number, atLeast = 0): Promise<void> {
    const { there, progress, random, isOver } = this.#its;
    while (victims.length > 0) {
      await this.#chance(everySeconds);
      if (isOver()) return;
      // On a busy machine they get up slowly; who shoots on regardless sees them get up and nothing else.
      if (there.shareAtWork(victims) < HALF && random() < 0.9) continue;
      const spared = victims.filter((name) => this.kills[name] < atLeast);
      const victim = there.someAtWork(spared.length > 0 ? spared : victims, random);
      if (!victim || !(await victim.kill())) continue;
      progress.killed();
      this.kills[victim.name as keyof Kills]++;
    }
  }

  async postgres(everySeconds: number): Promise<void> {
    const { there, progress, random, isOver } = this.#its;
    for (;;) {
      // every end of Postgres ends the workers too: counted from when they are back
      await there.recovered(BACK_WITHIN_MS);
      await this.#chance(everySeconds);
      if (isOver()) return;
      const how = random() < 0.5 ? "SIGKILL" : "SIGQUIT";
      progress.killed();
      await there.endPostgres(how);
      this.kills[how === "SIGKILL" ? "postgres" : "postgresStopped"]++;
    }
  }

  /**
   * Stops workers in the middle of whatever they do (SIGSTOP) and lets them go on later, when their leases may be over
   * and others may have taken up their work: zombies that believe in what they held.
   */
  async standstill(everySeconds: number, [least, most]: readonly [number, number]): Promise<void> {
    const { there, random, isOver } = this.#its;
    const underWay = new Set<Promise<void>>();
    for (;;) {
      await this.#chance(everySeconds);
      if (isOver()) break;
      const victim = there.someAtWork(["worker"], random);
      if (!victim || underWay.size >= ZOMBIES_AT_ONCE) continue;
      const act = this.#stop(victim, least + random() * (most - least)).finally(() => underWay.delete(act));
      underWay.add(act);
    }
    await Promise.all(underWay);
  }

  async #stop(victim: Kept, seconds: number): Promise<void> {
    const program = victim.current;
    program.process.kill("SIGSTOP");
    await pause(seconds * 1000);
    if (program.running) program.process.kill("SIGCONT");
    this.standstills[program.running ? "wentOn" : "died"]++;
  }

  #chance(mean: number): Promise<void> {
    return pause(mean * 1000 * (0.2 + 1.6 * this.#its.random()));
  }
}

const ZOMBIES_AT_ONCE = 2;
