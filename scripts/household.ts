import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { LogBook } from "./log-book.ts";

type Env = Record<string, string | undefined>;

/** The processes of one `npm start`: they come up together, are replaced when they fall, and leave together. */
export class Household {
  leaving = false;
  readonly #children = new Set<ChildProcess>();
  readonly #last: (() => Promise<void>)[] = [];
  /** What the programs say from here on; without one it goes straight to the terminal. */
  logBook: LogBook | undefined;

  /** Starts a program that is to stay, and resolves once `health` answers. If it falls later, it is started again. */
  async keep(name: string, command: string[], health: string, env: Env): Promise<void> {
    const child = this.#spawn(name, command, env);
    await untilHealthy(name, child, health);
    child.once("exit", (code, signal) => void this.#fallen(name, command, health, env, code, signal));
  }

  /** Starts a program that ends by itself. Its failure is reported and stops nothing. */
  runOnce(name: string, command: string[], env: Env): void {
    this.#spawn(name, command, env).on("exit", (code) => {
      if (code && !this.leaving) console.error(`${name} failed (exit ${code}); the rest goes on.`);
    });
  }

  /** Runs after every child has gone. */
  atLast(close: () => Promise<void>): void {
    this.#last.push(close);
  }

  async leave(code: number): Promise<void> {
    if (this.leaving) return;
    this.leaving = true;
    await Promise.all([...this.#children].map(stop));
    for (const close of this.#last) await close().catch((error: unknown) => console.error(error));
    process.exit(code);
  }

  /** A parent that was killed cannot say goodbye: then this process belongs to another, and goes too. */
  leaveWithParent(): void {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) void this.leave(0);
    }, 300).unref();
  }

  #spawn(name: string, command: string[], env: Env): ChildProcess {
    if (this.leaving) throw new Error("Stopping.");
    const book = this.logBook;
    const out = book ? "pipe" : "inherit";
    const child = spawn(process.execPath, command, {
      stdio: ["ignore", out, out],
      env: env as NodeJS.ProcessEnv,
    });
    for (const input of [child.stdout, child.stderr])
      if (input && book) createInterface({ input }).on("line", (line) => book.write(name, line));
    this.#children.add(child);
    child.on("exit", () => this.#children.delete(child));
    return child;
  }

  #falls = new Map<string, number[]>();

  async #fallen(
    name: string,
    command: string[],
    health: string,
    env: Env,
    code: number | null,
    signal: string | null,
  ): Promise<void> {
    if (this.leaving) return;
    const recent = [...(this.#falls.get(name) ?? []), Date.now()].filter((at) => at > Date.now() - 60_000);
    this.#falls.set(name, recent);
    if (recent.length > 5) {
      console.error(
        `${name} fell ${recent.length} times within a minute. Its last words are above; Parley stops.`,
      );
      return this.leave(1);
    }
    console.error(`${name} ended (${signal ?? `exit ${code}`}); starting it again.`);
    await new Promise((done) => setTimeout(done, 200 * 2 ** recent.length));
    if (!this.leaving) await this.keep(name, command, health, env).catch(() => {});
  }
}

async function untilHealthy(name: string, child: ChildProcess, url: string): Promise<void> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`${name} could not start; the reason is above.`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer && answer.status < 500) return;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`${name} did not answer ${url} within a minute.`);
}

/** Asks, and after eight seconds insists. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const insist = setTimeout(() => child.kill("SIGKILL"), 8_000);
  await gone;
  clearTimeout(insist);
}
