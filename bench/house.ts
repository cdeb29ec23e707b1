import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createPool } from "@parley/db";
import { freePort } from "@parley/db/embedded";
import { agreedEnv, Program } from "../chaos/programs.ts";
import { openBench } from "./bench.ts";

/** A whole Parley to live in: Postgres that keeps its promises, the sandbox, one process for requests, one for jobs. */
export type House = {
  url: string;
  /** Sees every row. */
  ask<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Asks the sandbox, or with `body` tells it. */
  sandbox<T>(path: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
};

/** Others may want the processor too. */
const PATIENCE_MS = 120_000;

export async function openHouse(): Promise<House> {
  const home = mkdtempSync(join(tmpdir(), "parley-backtest-"));
  const bench = await openBench({ quick: true });
  const database = await bench.database();
  const pool = createPool({ url: database.superUrl, name: "house", max: 4 });
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const shared = {
    ...agreedEnv(home, database.loginUrls),
    SANDBOX_URL: sandboxUrl,
    PUBLIC_URL: url,
    PORT: String(port),
  };
  const programs: Program[] = [];
  const start = (name: string, app: string, env: Record<string, string>) => {
    const program = Program.start(name, { app, env: { ...shared, ...env }, log: join(home, `${name}.log`) });
    programs.push(program);
    return program;
  };
  const house: House = {
    url,
    ask: async (text, values = []) => (await pool.query(text, values)).rows,
    async sandbox(path, body) {
      const request: RequestInit =
        body === undefined
          ? {}
          : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const answer = await fetch(`${sandboxUrl}/sandbox${path}`, request);
      if (!answer.ok)
        throw new Error(`The sandbox answered ${answer.status} to ${path}: ${await answer.text()}`);
      return (await answer.json()) as never;
    },
    async close() {
      await Promise.all(programs.map((program) => program.kill("SIGTERM")));
      await pool.end();
      await database.drop();
      await bench.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
  try {
    await start("sandbox", "sandbox", { SANDBOX_PORT: String(sandboxPort), PARLEY_URL: url }).answers(
      `${sandboxUrl}/healthz`,
      PATIENCE_MS,
    );
    await start("http", "server", { PARLEY_ROLE: "http" }).answers(`${url}/readyz`, PATIENCE_MS);
    start("worker", "server", { PARLEY_ROLE: "worker" });
    return house;
  } catch (error) {
    await house.close();
    throw error;
  }
}
