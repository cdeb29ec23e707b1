import { expect, test } from "vitest";
import { useRig } from "../rig.ts";

const rig = useRig();

test("a direct call is placed, followed, settled and analysed, and the ledger says what it cost", async () => {
  const asha = await rig.signUp({ company: "Clinic" });
  const agent = await asha.trpc.agents.create.mutate({
    name: "Asha",
    prompt: "Book a visit.",
    welcomeMessage: "Hello, is this a good time?",
  });
  await rig.clock({ scale: 60 });
  const { itemId, contactId } = await asha.trpc.calls.place.mutate({
    phoneNumber: "+91 98765 40001",
    agentId: agent.id,
  });
  const told = await rig.until("the call is settled and analysed", async () => {
    const { items } = await asha.trpc.calls.list.query({ itemId });
    const call = items[0] && (await asha.trpc.calls.get.query({ callId: items[0].id }));
    return call !== undefined && call.settledAt !== null && call.analysis?.status === "done" && call;
  });
  expect(told).toMatchObject({ contactId, status: "completed", outcome: "answered" });
  expect(told.priceCredits).toBe(Math.ceil(told.talkSeconds! / 6));
  expect(told.stages.map(({ status }) => status)).toEqual(
    expect.arrayContaining(["initiated", "ringing", "in-progress", "completed"]),
  );
  const balance = await asha.trpc.billing.balance.query({});
  expect(balance).toEqual({
    credits: 10_000 - told.priceCredits!,
    held: 0,
    available: 10_000 - told.priceCredits!,
  });
  await rig.clock({ scale: 1 });
});
