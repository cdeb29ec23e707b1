import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { expect, test, vi } from "vitest";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { createAgent } from "./create.ts";

const db = useDatabase();

test("while a hundred requests wait for a slow provider no transaction stands open", async () => {
  const waiting: ServerResponse[] = [];
  const provider = createServer((_request, answer) => void waiting.push(answer)).listen(0, "127.0.0.1");
  await once(provider, "listening");
  try {
    const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const parts = testParts(db, { BOLNA_API_URL: url, BOLNA_API_KEY: "bn-slow" });
    const ctx = requestOf(parts, await make.user(db.owner));
    const made = Array.from({ length: 100 }, (_, n) =>
      createAgent(ctx, { name: `Asha ${n}`, prompt: "Book a demo.", welcomeMessage: "Hello." }),
    );
    await vi.waitFor(() => expect(waiting).toHaveLength(100), { timeout: 30_000 });

    const { rows } = await db.owner.query(
      `select count(*)::int as open from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
         and application_name not like 'parley live%'`,
    );
    expect(rows[0].open).toBe(0);

    const refuse = setInterval(() => {
      for (const answer of waiting.splice(0)) answer.writeHead(500).end();
    }, 10);
    const agents = await Promise.all(made);
    clearInterval(refuse);
    // Nothing is lost: each agent is there and says what it waits for.
    for (const { syncStatus, syncError } of agents) {
      expect(syncStatus).not.toBe("synced");
      expect(syncError).toBeTruthy();
    }
  } finally {
    provider.closeAllConnections();
    provider.close();
  }
});
