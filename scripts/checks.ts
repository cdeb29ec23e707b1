import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, join } from "node:path";
import { repository } from "./repository.ts";

export type Check = { name: string; command: string[] };
export type Verdict = { name: string; ok: boolean; said: string; seconds: number };

const bin = (name: string, path: string) => join(repository, "node_modules", name, path);

/** What can be said about the tree without running it. */
export const checks: Check[] = [
  { name: "types", command: [bin("typescript", "bin/tsc"), "-b", "--noEmit"] },
  { name: "types of the scripts", command: [bin("typescript", "bin/tsc"), "-p", "scripts"] },
  { name: "lint", command: [bin("oxlint", "bin/oxlint"), "--type-aware", "--quiet"] },
  { name: "format", command: [bin("oxfmt", "bin/oxfmt"), "--check"] },
  { name: "imports and laws", command: [join(repository, "scripts/check-imports.ts")] },
  { name: "links in documents", command: [join(repository, "scripts/check-docs.ts")] },
];

/** Runs all checks side by side, printing each verdict as it comes, with what a failed one said. */
export async function runChecks(): Promise<Verdict[]> {
  return Promise.all(checks.map(async (check) => report(await verdictOf(check))));
}

export function report(verdict: Verdict): Verdict {
  console.log(`${verdict.ok ? "✓" : "✗"} ${verdict.name} (${verdict.seconds.toFixed(1)} s)`);
  if (!verdict.ok) console.log(verdict.said.replace(/^/gm, "    "));
  return verdict;
}

async function verdictOf({ name, command }: Check): Promise<Verdict> {
  const began = performance.now();
  // oxlint looks for its type-aware half on the PATH.
  const PATH = join(repository, "node_modules/.bin") + delimiter + (process.env.PATH ?? "");
  const child = spawn(process.execPath, command, {
    cwd: repository,
    env: { ...process.env, PATH, NO_COLOR: "1" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { name, ok: code === 0, said: said.trim(), seconds: (performance.now() - began) / 1_000 };
}
