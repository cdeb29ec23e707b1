import { expect, test } from "vitest";
import { touch } from "@parley/db";
import { useServer } from "../testing/server.ts";
import { LiveReader } from "./reader.ts";

const server = useServer();

type Event = { id: string | undefined; data: { topic: string; ref: string } };

/** An open stream of one visitor: `next()` is the next change on it. */
async function listen(cookie: string, query: object = {}) {
  const stopping = new AbortController();
  const input = encodeURIComponent(JSON.stringify(query));
  const answer = await fetch(`${server.url}/trpc/live.stream?input=${input}`, {
    headers: { cookie },
    signal: stopping.signal,
  });
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<Event> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
        if (!field("data") || field("event")) continue;
        return { id: field("id"), data: JSON.parse(field("data")!) as Event["data"] };
      }
      const { value, done } = await reader.read();
      if (done) throw new Error("The stream has ended.");
      text += value;
    }
  };
  /** The next change with one of these refs, whatever comes between. */
  const nextOf = async (...refs: string[]): Promise<Event> => {
    for (;;) {
      const event = await next();
      if (refs.includes(event.data.ref)) return event;
    }
  };
  return { first: await next(), next, nextOf, close: () => stopping.abort() };
}

const change = (userId: string, topic: string, ref = "") =>
  server.db.web.tx(userId, (tx) => touch(tx, topic, ref));

test("a screen hears of its own workspace's changes in the order they commit, and of no other's", async () => {
  const [asha, ben] = [await server.signUp(), await server.signUp()];
  const stream = await listen(asha.cookie!);
  await change(ben.session.user.id, "calls", "theirs");
  for (const ref of ["one", "two", "three"]) await change(asha.session.user.id, "calls", ref);
  const heard = [];
  for (let count = 0; count < 3; count++)
    heard.push((await stream.nextOf("one", "two", "three", "theirs")).data.ref);
  expect(heard).toEqual(["one", "two", "three"]);
  stream.close();
});

test("a change that commits after a later one is heard too", async () => {
  const asha = await server.signUp();
  const userId = asha.session.user.id;
  const stream = await listen(asha.cookie!);
  let commit = () => {};
  const held = new Promise<void>((resolve) => (commit = resolve));
  const slow = server.db.web.tx(userId, async (tx) => {
    await touch(tx, "calls", "slow");
    await held;
  });
  await new Promise((done) => setTimeout(done, 30));
  await change(userId, "calls", "fast");
  expect((await stream.nextOf("fast", "slow")).data.ref).toBe("fast");
  commit();
  await slow;
  expect((await stream.nextOf("fast", "slow")).data.ref).toBe("slow");
  stream.close();
});

test("whoever comes back hears what was missed, also when nothing had been told before; too late, and they start anew", async () => {
  const asha = await server.signUp();
  const userId = asha.session.user.id;
  const before = await listen(asha.cookie!);
  expect(before.first.data.topic).toBe("begun");
  before.close();
  await change(userId, "campaigns", "missed");
  const after = await listen(asha.cookie!, { lastEventId: before.first.id });
  const { id } = await after.nextOf("missed");
  after.close();
  const again = await listen(asha.cookie!, { lastEventId: id });
  expect(again.first.data.topic).toBe("begun");
  again.close();
  for (const lastEventId of [`${Date.now() - 20 * 60_000}.1`, "nonsense"]) {
    const late = await listen(asha.cookie!, { lastEventId });
    expect(late.first.data.topic).toBe("resync");
    late.close();
  }
});

test("whoever opens a screen while the last one closes misses nothing", async () => {
  const { config, log, db } = server.parts;
  const reader = new LiveReader({ config, log, db });
  const userId = (await server.signUp()).session.user.id;
  const leave = await reader.subscribe(userId, { push: () => {} });
  leave();
  const heard: string[] = [];
  await reader.subscribe(userId, { push: ({ ref }) => heard.push(ref) });
  await change(userId, "calls", "after");
  await expect.poll(() => heard, { timeout: 30_000 }).toContain("after");
  await reader.close();
});

test("only the topics asked for are sent", async () => {
  const asha = await server.signUp();
  const stream = await listen(asha.cookie!, { topics: ["billing"] });
  await change(asha.session.user.id, "calls", "x");
  await change(asha.session.user.id, "billing");
  expect((await stream.next()).data.topic).toBe("billing");
  stream.close();
});

test("after the connection for listening broke, every screen is told to start anew and hears on", async () => {
  const asha = await server.signUp();
  const stream = await listen(asha.cookie!);
  await server.db.worker.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'parley live' and datname = current_database()",
  );
  let topic = "";
  while (topic !== "resync") topic = (await stream.next()).data.topic;
  await change(asha.session.user.id, "calls", "later");
  expect((await stream.nextOf("later")).data.topic).toBe("calls");
  stream.close();
});

test("nobody listening, nothing is read; and without a session there is no stream", async () => {
  expect(await (await fetch(`${server.url}/trpc/live.stream`)).text()).toContain('"not_signed_in"');
  const listening = async () =>
    (
      await server.db.owner.query(
        "select from pg_stat_activity where application_name = 'parley live' and datname = current_database()",
      )
    ).rowCount;
  for (let waited = 0; waited < 200 && (await listening()) !== 0; waited++)
    await new Promise((done) => setTimeout(done, 25));
  expect(await listening()).toBe(0);
});
