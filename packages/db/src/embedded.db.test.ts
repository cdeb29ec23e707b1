import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort, startEmbedded } from "./embedded.ts";

test("servers that start at once on one wished port end up on ports of their own", async () => {
  const home = mkdtempSync(join(tmpdir(), "parley-ports-"));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  const port = await freePort();
  const servers = await Promise.all(
    ["one", "two", "three"].map((name) =>
      startEmbedded({ dir: join(home, name), password: name, fast: true, port }),
    ),
  );
  onTestFinished(async () => void (await Promise.all(servers.map((server) => server.stop()))));
  expect(new Set(servers.map((server) => server.port)).size).toBe(3);
});
