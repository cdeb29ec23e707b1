import { expect, test } from "vitest";
import { conflict } from "@parley/core/errors";
import { make } from "@parley/db/testing/make";
import { contextFor } from "./context.ts";
import { idempotently } from "./idempotency.ts";
import { useServer } from "./testing/server.ts";

const server = useServer();

/** A verb that writes a custom field and answers its id, run under a key. */
async function workspace() {
  const userId = await make.user(server.db.owner);
  const acting = { person: null, role: "owner", actor: "key:test", requestId: "test" } as const;
  const ctx = contextFor(server.parts, userId, server.db.web, acting);
  let runs = 0;
  const write = (key: string, request: unknown, after = async () => {}) =>
    idempotently.run(ctx, { key, procedure: "calls.place", request }, async (guarded) => {
      const number = ++runs;
      await guarded.db.tx((tx) =>
        tx.query("insert into custom_fields (user_id, key, label) values ($1, $2, 'x')", [
          userId,
          `${key}_${number}`,
        ]),
      );
      await after();
      return { ok: true, data: { number } };
    });
  const written = async () =>
    (await server.db.owner.query("select from custom_fields where user_id = $1", [userId])).rowCount;
  return { ctx, userId, write, written, runs: () => runs };
}

test("the same request under the same key is carried out once and answered twice", async () => {
  const { write, written } = await workspace();
  const first = await write("a", { to: 1 });
  const second = await write("a", { to: 1 });
  expect(second.data).toEqual(first.data);
  expect(await written()).toBe(1);
});

test("a different request under a used key is a conflict, and the same key in another workspace is not", async () => {
  const [one, other] = [await workspace(), await workspace()];
  await one.write("a", { to: 1 });
  await expect(one.write("a", { to: 2 })).rejects.toThrow(/different request/);
  expect((await other.write("a", { to: 2 })).data).toEqual({ number: 1 });
});

test("of two at once, one runs and the other is told to wait", async () => {
  const { write, runs } = await workspace();
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  let began = () => {};
  const running = new Promise<void>((resolve) => (began = resolve));
  const first = write("a", 1, () => (began(), held));
  await running;
  await expect(write("a", 1)).rejects.toThrow(/done its work|still running/);
  go();
  await first;
  expect(runs()).toBe(1);
});

test("a request refused before it wrote anything may be sent again under its key", async () => {
  const { ctx, write } = await workspace();
  const refused = idempotently.run(ctx, { key: "a", procedure: "calls.place", request: 1 }, async () => {
    throw conflict("no");
  });
  await expect(refused).rejects.toThrow("no");
  expect((await write("a", 1)).data).toEqual({ number: 1 });
});

test("a run that wrote and then died is never repeated: the next one is told to look for the result", async () => {
  const { write, written } = await workspace();
  await expect(write("a", 1, () => Promise.reject(new Error("died")))).rejects.toThrow("died");
  await expect(write("a", 1)).rejects.toThrow(/has done its work/);
  expect(await written()).toBe(1);
});

test("a run that died before it wrote is taken over, and a key is forgotten after a day", async () => {
  const { userId, write, runs } = await workspace();
  const claim =
    "insert into idempotency_keys (user_id, key, procedure, request_sha256, created_at) values ($1, $2, 'calls.place', 'x', app.wall() - $3::interval)";
  await server.db.owner.query(claim, [userId, "fresh", "1 minute"]);
  await expect(write("fresh", 1)).rejects.toThrow(/different request/);
  await server.db.owner.query(claim, [userId, "dead", "3 minutes"]);
  await write("dead", 1);
  await server.db.owner.query(
    "update idempotency_keys set created_at = app.wall() - interval '25 hours' where user_id = $1",
    [userId],
  );
  await write("dead", 2);
  expect(runs()).toBe(2);
});

test("a procedure honours the header: a double click places one call", async () => {
  const asha = await server.signUp();
  const agentId = await make.agent(server.db.owner, asha.session.user.id);
  const click = () =>
    asha.fetch("/trpc/calls.place", {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "click-1" },
      body: JSON.stringify({ phoneNumber: "+91 9876500001", agentId }),
    });
  const [first, again] = [await (await click()).text(), await (await click()).text()];
  expect(JSON.parse(first)).toHaveProperty("result.data.itemId");
  expect(again).toBe(first);
});
