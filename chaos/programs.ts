import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { newKey } from "@parley/db/secrets";
import type { LoginUrls } from "@parley/db/roles";

const repository = resolve(import.meta.dirname, "..");

export type Env = Record<string, string>;

export type Start = {
  /** Below apps/, or a file of this tree. */
  app: string;
  env: Env;
  /** Where its words go; absent: nowhere. */
  log?: string;
  /** Files of this tree that are run in the process before it. */
  preload?: readonly string[];
};

/** A program of this tree as a process of its own, that can be killed like any other. */
export class Program {
  readonly name: string;
  readonly process: ChildProcess;
  readonly gone: Promise<void>;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.process = child;
    this.gone = once(child, "exit").then(() => {});
  }

  /** Starts `apps/<app>/src/main.ts`. */
  static start(name: string, { app, env, log, preload = [] }: Start): Program {
    const out = log ? openSync(log, "a") : "ignore";
    const main = app.endsWith(".ts") ? join(repository, app) : join(repository, "apps", app, "src/main.ts");
    const before = preload.flatMap((file) => ["--import", join(repository, file)]);
    const child = spawn(process.execPath, [...before, main], {
      stdio: ["ignore", out, out],
      env: { PATH: process.env.PATH, ...env },
    });
    if (typeof out === "number") closeSync(out);
    return new Program(name, child);
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Resolves once `url` answers; throws if the program ends before. */
  async answers(url: string, withinMs = 30_000): Promise<void> {
    const until = Date.now() + withinMs;
    for (;;) {
      const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
      await answer?.body?.cancel();
      if (answer?.ok) return;
      if (!this.running) throw new Error(`${this.name} ended before it answered at ${url}.`);
      if (Date.now() > until)
        throw new Error(`${this.name} did not answer at ${url} within ${withinMs / 1000} s.`);
      await new Promise((done) => setTimeout(done, 25));
    }
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** No goodbye, as a power cut or the kernel's out-of-memory killer would do it. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.running) this.process.kill(signal);
    await this.gone;
  }

  /** Resident memory in bytes; 0 once the program has gone. */
  get memory(): number {
    return residentBytes(this.process.pid ?? 0);
  }
}

/** The largest resident memory of a program, looked up every 100 ms until `stop` returns it in bytes. */
export function watchMemory(program: Program): { stop: () => number } {
  let most = program.memory;
  const timer = setInterval(() => (most = Math.max(most, program.memory)), 100);
  return {
    stop() {
      clearInterval(timer);
      return Math.max(most, program.memory);
    },
  };
}

function residentBytes(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** What every process of one installation must agree on. */
export function agreedEnv(dataDir: string, logins: LoginUrls): Env {
  return {
    ...keysOf(dataDir),
    DATABASE_WEB_URL: logins.web,
    DATABASE_WORKER_URL: logins.worker,
    DATABASE_RO_URL: logins.ro,
  };
}

/** The same before there are logins. */
export function keysOf(dataDir: string) {
  return {
    PARLEY_DATA_DIR: dataDir,
    ENCRYPTION_KEY: newKey(),
    SERVICE_SECRET: newKey(),
    SESSION_PEPPER: newKey(),
    RATE_LIMIT_FACTOR: "1000",
  };
}
