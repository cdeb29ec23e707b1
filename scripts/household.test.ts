import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@parley/db/embedded";
import { afterAll, expect, test } from "vitest";

const dir = mkdtempSync(join(tmpdir(), "parley-household-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const program = join(dir, "program.mjs");
writeFileSync(
  program,
  `import { createServer } from "node:http";
  createServer((_, response) => response.end(String(process.pid))).listen(Number(process.env.PORT), "127.0.0.1");`,
);

/** A household in a process of its own, keeping one program; it says "up" and what it was told to say. */
async function household(port: number, script = program) {
  const text = `import { Household } from ${JSON.stringify(join(import.meta.dirname, "household.ts"))};
    const household = new Household();
    household.leaveWithParent();
    household.atLast(async () => console.log("closed"));
    process.on("SIGTERM", () => void household.leave(0));
    await household.keep("program", [${JSON.stringify(script)}], "http://127.0.0.1:${port}/", { PORT: "${port}" }).catch(async (error) => {
      console.log(error.message);
      await household.leave(1);
    });
    console.log("up");`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", text], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (said += part));
  await expect.poll(() => said, { timeout: 10_000 }).not.toBe("");
  return { child, said: () => said };
}

const pidAt = (port: number) =>
  fetch(`http://127.0.0.1:${port}/`).then(
    (answer) => answer.text(),
    () => null,
  );

test("a program that falls is started again, and goes when the household leaves", async () => {
  const port = await freePort();
  const { child, said } = await household(port);
  const first = await pidAt(port);
  process.kill(Number(first), "SIGKILL");
  await expect.poll(async () => ![null, first].includes(await pidAt(port)), { timeout: 10_000 }).toBe(true);
  child.kill("SIGTERM");
  expect((await once(child, "exit"))[0]).toBe(0);
  expect(said()).toBe("up\nclosed\n");
  expect(await pidAt(port)).toBeNull();
});

test("a program that cannot start is an error that names it, and everything is put away", async () => {
  const broken = join(dir, "broken.mjs");
  writeFileSync(broken, "process.exit(3);");
  const { child, said } = await household(await freePort(), broken);
  if (child.exitCode === null) await once(child, "exit");
  expect(child.exitCode).toBe(1);
  expect(said()).toBe("program could not start; the reason is above.\nclosed\n");
});

test("when the starter is killed, nothing stays", async () => {
  const port = await freePort();
  const script = join(dir, "starter.mjs");
  writeFileSync(
    script,
    `import { spawn } from "node:child_process";
    spawn(process.execPath, ["--input-type=module-typescript", "-e", ${JSON.stringify(
      `import { Household } from ${JSON.stringify(join(import.meta.dirname, "household.ts"))};
       const household = new Household();
       household.leaveWithParent();
       await household.keep("program", [${JSON.stringify(program)}], "http://127.0.0.1:${port}/", { PORT: "${port}" });`,
    )}], { stdio: "ignore" });
    setInterval(() => {}, 1000);`,
  );
  const starter = spawn(process.execPath, [script], { stdio: "ignore" });
  await expect.poll(() => pidAt(port), { timeout: 10_000 }).not.toBeNull();
  starter.kill("SIGKILL");
  await expect.poll(() => pidAt(port), { timeout: 10_000 }).toBeNull();
});
