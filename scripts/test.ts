import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWeb } from "./build-web.ts";
import { repository } from "./repository.ts";
import { report, runChecks } from "./checks.ts";
import { closingLine, type Counts } from "./closing-line.ts";

// All tests, from nothing: static checks, unit and database tests, then the browser against the built dashboard.
// The reader's own settings stay outside; the last line is the sum.
for (const name of ["NODE_ENV", "DATABASE_URL", "PARLEY_DATA_DIR", "PARLEY_ROLE", "PARLEY_SEED"])
  delete process.env[name];
process.env.PARLEY_TESTING = "1";
if (!process.stdout.isTTY) process.env.NO_COLOR ??= "1";

const parent = process.ppid;
let running: ReturnType<typeof spawn> | undefined;
setInterval(() => process.ppid !== parent && stop(), 300).unref();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const verdicts = await runChecks();
for (const { ok } of verdicts) total[ok ? "passed" : "failed"]++;
add(await vitest("unit", "db"));
total[(await dashboardBuilds()) ? "passed" : "failed"]++;
if (globSync("e2e/**/*.e2e.ts", { cwd: repository }).length > 0) add(await vitest("e2e"));

console.log(`\n${closingLine(total)}`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

/** One run of vitest over the named projects. A run that could not finish counts as one failure. */
async function vitest(...projects: string[]): Promise<Counts> {
  const dir = mkdtempSync(join(tmpdir(), "parley-counts-"));
  const counts = join(dir, "counts.json");
  const args = [
    join(repository, "node_modules/vitest/vitest.mjs"),
    "run",
    ...projects.flatMap((name) => ["--project", name]),
  ];
  try {
    running = spawn(process.execPath, args, {
      cwd: repository,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, PARLEY_COUNTS: counts },
    });
    const [code] = (await once(running, "exit")) as [number | null];
    const counted = JSON.parse(readFileSync(counts, "utf8")) as Counts;
    return code !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    running = undefined;
    rmSync(dir, { recursive: true, force: true });
  }
}

async function dashboardBuilds(): Promise<boolean> {
  const began = performance.now();
  const failure = await buildWeb().then(
    () => undefined,
    (error: Error) => error.message,
  );
  return report({
    name: "the dashboard builds",
    ok: !failure,
    said: failure ?? "",
    seconds: (performance.now() - began) / 1_000,
  }).ok;
}

function add(counts: Counts): void {
  for (const key of ["passed", "failed", "skipped"] as const) total[key] += counts[key];
}

function stop(): void {
  running?.kill("SIGTERM");
  setTimeout(() => process.exit(1), 5_000).unref();
  if (!running) process.exit(1);
  running.once("exit", () => process.exit(1));
}
