import { beforeAll, expect, test } from "vitest";
import { useRig } from "../rig.ts";
import type { SignedUp } from "../visitor.ts";

const rig = useRig();
let asha: SignedUp;
let agentId: string;

beforeAll(async () => {
  asha = await rig.signUp({ company: "Clinic" });
  agentId = (
    await asha.trpc.agents.create.mutate({ name: "Asha", prompt: "Book a visit.", welcomeMessage: "Hello." })
  ).id;
});

const account = (concurrency: number) =>
  fetch(`${rig.parts.config.sandboxUrl}/sandbox/account`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ concurrency }),
  });
const contact = async (phoneNumber: string) => (await asha.trpc.contacts.create.mutate({ phoneNumber })).id;
const campaign = async (contactIds: string[], its: object = {}) => {
  const { id: campaignId } = await asha.trpc.campaigns.create.mutate({
    name: "List",
    agentId,
    audience: { contactIds },
    ...its,
  });
  await asha.trpc.campaigns.start.mutate({ campaignId });
  return campaignId;
};

test("“stop calling me” holds with its answer: for who waits in the queue, and for a call that waits at the provider", async () => {
  await account(1); // the provider dials one at a time; the second call waits there
  const people = [];
  for (const number of ["+91 9876541101", "+91 9876541102", "+91 9876541103"])
    people.push(await contact(number));
  const campaignId = await campaign(people);
  const waiting = await rig.until("one call is under way and one waits at the provider", async () => {
    const { items } = await asha.trpc.calls.list.query({ campaignId });
    const queued = items.filter(({ status }) => status === "queued");
    return items.length === 2 && queued.length === 1 && queued[0];
  });
  const { items } = await asha.trpc.campaigns.items.query({ campaignId, status: "pending" });
  const atProvider = await asha.trpc.contacts.suppress.mutate({
    contactId: waiting.contactId!,
    reason: "asked",
  });
  const inQueue = await asha.trpc.contacts.suppress.mutate({
    contactId: items[0]!.contactId,
    reason: "asked",
  });
  expect([atProvider.stopped, inQueue.stopped, atProvider.inAir]).toEqual([1, 1, 0]);
  const [skipped] = (await asha.trpc.campaigns.items.query({ itemId: items[0]!.id })).items;
  expect(skipped).toMatchObject({ status: "skipped", skipReason: "suppressed" });
  const stopped = await rig.until("the provider has taken it back", async () => {
    const call = await asha.trpc.calls.get.query({ callId: waiting.id });
    return call.endedAt !== null && call;
  });
  expect(["stopped", "canceled"]).toContain(stopped.status);
  await account(500);
  await asha.trpc.campaigns.cancel.mutate({ campaignId });
});

test("who asks to be called later is called at that time by the agent, as an item of its own, and the task is done by it", async () => {
  await rig.clock({ scale: 60 });
  const contactId = await contact("+91 9876540003");
  const campaignId = await campaign([contactId], { callbacks: "agent" });
  const task = await rig.until("the agreed time is in the queue", async () => {
    const { items } = await asha.trpc.tasks.list.query({ contactId, filter: "agents" });
    return items[0]?.itemId ? items[0] : null;
  });
  await rig.clock({ scale: 1 });
  expect(task).toMatchObject({ kind: "callback", agentCalls: true, campaignId });
  const items = async () => (await asha.trpc.campaigns.items.query({ campaignId })).items;
  expect(
    (await items()).map(({ kind, status, waitReason, dueAt }) => [kind, status, waitReason, dueAt]),
  ).toEqual([
    ["campaign", "completed", null, null],
    ["callback", "pending", "callback_agreed", task.dueAt],
  ]);
  expect((await asha.trpc.campaigns.get.query({ campaignId })).status).toBe("running");

  await rig.until("nothing is being dialled", async () =>
    rig.clock({ advanceTo: new Date(Date.parse(task.dueAt!) + 1_000).toISOString() }).then(
      () => true,
      () => false,
    ),
  );
  await rig.clock({ scale: 60 });
  await rig.until("the task is done", async () => {
    const { items: done } = await asha.trpc.tasks.list.query({ contactId, status: "done" });
    return done.find(({ id }) => id === task.id);
  });
  await rig.clock({ scale: 1 });
  const calls = (await asha.trpc.calls.list.query({ itemId: task.itemId! })).items;
  expect(calls).toHaveLength(1);
  expect(Date.parse(calls[0]!.createdAt)).toBeGreaterThanOrEqual(Date.parse(task.dueAt!));
  await asha.trpc.campaigns.cancel.mutate({ campaignId });
});
