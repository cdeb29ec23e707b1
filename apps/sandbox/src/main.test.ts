import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));
const env = { ...process.env, SANDBOX_PORT: "0", SANDBOX_DIR: "", PARLEY_URL: "", LOG_LEVEL: "info" };

async function urlOf(output: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  for await (const chunk of output) {
    text += String(chunk);
    const url = /listens at (http:[^"\s]+)/.exec(text)?.[1];
    if (url) return url;
  }
  throw new Error(`The sandbox did not start: ${text}`);
}

test("it starts from the environment and stops on SIGTERM", async () => {
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "inherit"] });
  const url = await urlOf(child.stdout);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
}, 15_000);

test("it leaves when the process that started it is gone", async () => {
  const starter = `
    import { spawn } from "node:child_process";
    const child = spawn(process.execPath, [${JSON.stringify(main)}], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.pipe(process.stdout);
    process.stdin.on("data", () => process.exit(0));
  `;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", starter], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const url = await urlOf(parent.stdout);
  parent.stdin.write("go");
  await once(parent, "exit");
  await expect
    .poll(
      () =>
        fetch(`${url}/healthz`).then(
          () => "alive",
          () => "gone",
        ),
      { timeout: 5000 },
    )
    .toBe("gone");
}, 15_000);

test("every bad variable is named at once", () => {
  expect(() => readConfig({ SANDBOX_PORT: "ninety", PARLEY_URL: "parley", LOG_LEVEL: "loud" })).toThrow(
    /SANDBOX_PORT[\s\S]*PARLEY_URL[\s\S]*LOG_LEVEL/,
  );
});

test("empty variables count as absent", () => {
  expect(readConfig({ SANDBOX_PORT: "", SANDBOX_DIR: "" })).toMatchObject({
    SANDBOX_PORT: 4100,
    SANDBOX_KEY: "bn-sandbox",
  });
});
