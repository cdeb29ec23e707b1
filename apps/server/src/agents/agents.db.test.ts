import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { createSandbox } from "@parley/sandbox/app";
import { expect, onTestFinished, test, vi } from "vitest";
import { jobContext, type Parts } from "../context.ts";
import type { Bolna } from "../providers/bolna.ts";
import { requestOf, testParts } from "../testing/test-parts.ts";
import { adoptAgent } from "./adopt.ts";
import { archiveAgent } from "./archive.ts";
import { createAgent } from "./create.ts";
import { getAgent, listAgents } from "./list.ts";
import { resyncAgent, rotateWebhookKey } from "./resync.ts";
import { syncAgent } from "./sync.ts";
import { agentsTasks } from "./tasks.ts";
import { updateAgent } from "./update.ts";
import { listVoices } from "./voices.ts";

const db = useDatabase();
const draft = { name: "Asha", prompt: "Book a demo.", welcomeMessage: "Do you have a minute?" };

async function withSandbox() {
  const sandbox = await createSandbox();
  const url = await sandbox.listen(0);
  onTestFinished(() => sandbox.close());
  const parts = testParts(db, { SANDBOX_URL: url, PUBLIC_URL: "http://127.0.0.1:3000" });
  const userId = await make.user(db.owner, { company: "Acme Dental" });
  const { bolna } = parts.providers;
  return { parts, ctx: requestOf(parts, userId), userId, bolna };
}

/** The parts with some answers of the provider replaced. */
function answering(parts: Parts, answers: Partial<Record<keyof Bolna, unknown>>): Parts {
  const bolna = new Proxy(parts.providers.bolna, {
    get(real, name) {
      const value = name in answers ? answers[name as keyof Bolna] : real[name as keyof Bolna];
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
  return { ...parts, providers: { ...parts.providers, bolna } };
}

const jobs = async (task: string) => {
  const { rows } = await db.owner.query<{ payload: { agentId: string } }>(
    "select payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id where t.identifier = $1",
    [task],
  );
  return rows.map(({ payload }) => payload.agentId);
};

test("a new agent is at the provider: disclosure before the welcome, its longest call, its secret webhook address", async () => {
  const { ctx, bolna } = await withSandbox();
  const agent = await createAgent(ctx, { ...draft, voice: "brian", maxCallSeconds: 120 });
  expect(agent).toMatchObject({ syncStatus: "synced", syncError: null, version: 1, maxCallSeconds: 120 });
  expect(agent.voice).toMatchObject({ provider: "elevenlabs", voice: "Brian" });
  const theirs = await bolna.getAgent(agent.bolnaAgentId!);
  expect(theirs).toMatchObject({
    agent_name: "Asha",
    agent_welcome_message: expect.stringMatching(/automated assistant.*Acme Dental.*Do you have a minute\?$/),
    webhook_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:3000\/api\/webhooks\/bolna\/[\w-]{43}$/),
    tasks: [{ task_config: { call_terminate: 120, voicemail: true } }],
    agent_prompts: { task_1: { system_prompt: "Book a demo." } },
  });
  const { rows } = await db.owner.query("select key_sealed from agent_webhook_keys where agent_id = $1", [
    agent.id,
  ]);
  const key = theirs!.webhook_url!.split("/").at(-1)!;
  expect(rows[0].key_sealed).not.toContain(key);
});

test("an edit is a new version, sent whole, and leaves alone what was set at the provider", async () => {
  const { ctx, bolna } = await withSandbox();
  const { id, bolnaAgentId } = await createAgent(ctx, draft);
  const before = (await bolna.getAgent(bolnaAgentId!))!;
  const tasks = structuredClone(before.tasks) as any[];
  tasks[0].task_config.hangup_after_silence = 25;
  await bolna.putAgent(bolnaAgentId!, {
    agent_config: { agent_name: before.agent_name, webhook_url: before.webhook_url, tasks },
    agent_prompts: before.agent_prompts as any,
  });
  const agent = await updateAgent(ctx, { agentId: id, prompt: "Sell.", maxCallSeconds: 60 });
  expect(agent).toMatchObject({ version: 2, syncStatus: "synced", bolnaAgentId });
  expect(await bolna.getAgent(bolnaAgentId!)).toMatchObject({
    webhook_url: before.webhook_url,
    agent_prompts: { task_1: { system_prompt: "Sell." } },
    tasks: [{ task_config: { call_terminate: 60, hangup_after_silence: 25 } }],
  });
  const { rows } = await db.owner.query(
    "select version, config ->> 'prompt' as prompt from agent_versions where agent_id = $1 order by version",
    [id],
  );
  expect(rows).toEqual([
    { version: 1, prompt: "Book a demo." },
    { version: 2, prompt: "Sell." },
  ]);
  const same = await updateAgent(ctx, { agentId: id, prompt: "Sell." });
  expect(same.version).toBe(2);
});

test("after an unclear answer the agent is looked for, not created again", async () => {
  const { parts, userId, bolna } = await withSandbox();
  const create = vi.fn<Bolna["createAgent"]>(async (body) => {
    await bolna.createAgent(body);
    return { kind: "ambiguous", status: null, reason: "No answer within 15 s." };
  });
  const listed = vi.fn<Bolna["listAgents"]>(async () => []);
  const first = await createAgent(
    requestOf(answering(parts, { createAgent: create, listAgents: listed }), userId),
    draft,
  );
  expect(first).toMatchObject({
    syncStatus: "pending",
    bolnaAgentId: null,
    syncError: expect.stringMatching(/no clear answer/),
  });
  expect(await jobs("agents/sync")).toContain(first.id);
  await syncAgent(jobContext(answering(parts, { createAgent: create }), userId), { agentId: first.id });
  const healed = await getAgent(requestOf(parts, userId), { agentId: first.id });
  expect(healed).toMatchObject({ syncStatus: "synced", syncError: null });
  expect(create).toHaveBeenCalledTimes(1);
  expect((await bolna.listAgents()).map(({ id }) => id)).toEqual([healed.bolnaAgentId]);
});

test("a refusal stands on the agent in the provider's words; a broken provider leaves it pending", async () => {
  const { parts, userId } = await withSandbox();
  const refusing = answering(parts, {
    createAgent: async () => ({
      kind: "refused",
      status: 400,
      message: "tasks is required (HTTP 400).",
      credential: false,
    }),
  });
  expect(await createAgent(requestOf(refusing, userId), draft)).toMatchObject({
    syncStatus: "failed",
    syncError: "The voice provider refused the agent: tasks is required (HTTP 400).",
  });
  const silent = testParts(db, { SANDBOX_URL: "http://127.0.0.1:9", PUBLIC_URL: "http://127.0.0.1:3000" });
  expect(await createAgent(requestOf(silent, userId), draft)).toMatchObject({ syncStatus: "pending" });
});

test("two processes do not mirror one agent at once", async () => {
  const { parts, ctx, userId, bolna } = await withSandbox();
  let entered = () => {};
  let goOn = () => {};
  const inside = new Promise<void>((resolve) => (entered = resolve));
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  const slow = answering(parts, {
    createAgent: async (body: Parameters<Bolna["createAgent"]>[0]) => {
      entered();
      await gate;
      return bolna.createAgent(body);
    },
  });
  const creating = createAgent(requestOf(slow, userId), draft);
  await inside;
  const { id } = (await listAgents(ctx, {})).items[0]!;
  expect(await syncAgent(jobContext(parts, userId), { agentId: id })).toBe("busy");
  goOn();
  expect(await creating).toMatchObject({ syncStatus: "synced" });
  expect(await bolna.listAgents()).toHaveLength(1);
});

test("what somebody changed at the provider is noticed, shown, and overwritten on request", async () => {
  const { parts, ctx, userId, bolna } = await withSandbox();
  const { id, bolnaAgentId } = await createAgent(ctx, draft);
  await bolna.patchAgent(bolnaAgentId!, {
    agent_config: { agent_name: "Somebody else", webhook_url: "https://elsewhere.example/hook" },
  });
  await syncAgent(jobContext(parts, userId), { agentId: id });
  expect(await getAgent(ctx, { agentId: id })).toMatchObject({
    syncStatus: "drifted",
    drift: { name: ["Asha", "Somebody else"], webhook: ["ours", "another address"] },
  });
  expect(await resyncAgent(ctx, { agentId: id })).toMatchObject({ syncStatus: "synced", drift: null });
  expect(await bolna.getAgent(bolnaAgentId!)).toMatchObject({
    agent_name: "Asha",
    webhook_url: expect.stringContaining("/api/webhooks/bolna/"),
  });
});

test("what was changed at the provider can be taken over, and the disclosure is still spoken", async () => {
  const { ctx, bolna } = await withSandbox();
  const { id, bolnaAgentId } = await createAgent(ctx, draft);
  const before = (await bolna.getAgent(bolnaAgentId!))!;
  const tasks = structuredClone(before.tasks) as any[];
  tasks[0].task_config.call_terminate = 90;
  await bolna.putAgent(bolnaAgentId!, {
    agent_config: {
      agent_name: "Priya",
      webhook_url: before.webhook_url,
      agent_welcome_message: "Namaste!",
      tasks,
    },
    agent_prompts: { task_1: { system_prompt: "Ask for the budget." } },
  });
  const agent = await adoptAgent(ctx, { agentId: id });
  expect(agent).toMatchObject({
    name: "Priya",
    prompt: "Ask for the budget.",
    welcomeMessage: "Namaste!",
    maxCallSeconds: 90,
    version: 2,
    syncStatus: "synced",
  });
  expect((await bolna.getAgent(bolnaAgentId!))!.agent_welcome_message).toMatch(
    /automated assistant.*Namaste!$/,
  );
});

test("an agent deleted at the provider is made anew", async () => {
  const { ctx, parts, userId } = await withSandbox();
  const { id, bolnaAgentId } = await createAgent(ctx, draft);
  await fetch(`${parts.config.voice.url}/v2/agent/${bolnaAgentId}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${parts.config.voice.apiKey}` },
  });
  await syncAgent(jobContext(parts, userId), { agentId: id });
  expect(await getAgent(ctx, { agentId: id })).toMatchObject({ syncStatus: "drifted" });
  const again = await resyncAgent(ctx, { agentId: id });
  expect(again.syncStatus).toBe("synced");
  expect(again.bolnaAgentId).not.toBe(bolnaAgentId);
});

test("a rotated key is at the provider, and events to the old address are still taken", async () => {
  const { ctx, bolna } = await withSandbox();
  const { id, bolnaAgentId } = await createAgent(ctx, draft);
  const urlOf = async () => (await bolna.getAgent(bolnaAgentId!))!.webhook_url!;
  const old = await urlOf();
  expect(await rotateWebhookKey(ctx, { agentId: id })).toMatchObject({ syncStatus: "synced" });
  expect(await urlOf()).not.toBe(old);
  const received = async (url: string) => {
    const { rows } = await db.owner.query(
      "select result from app.receive('bolna', array[sha256($1::bytea)], array[sha256($2::bytea)], array[$2::bytea])",
      [url.split("/").at(-1), url],
    );
    return rows[0].result;
  };
  expect(await received(old)).toBe("accepted");
  expect(await received(await urlOf())).toBe("accepted");
});

test("when our address has changed, every agent is pointed to the new one", async () => {
  const { parts, ctx, userId, bolna } = await withSandbox();
  const { id, bolnaAgentId } = await createAgent(ctx, draft);
  const moved: Parts = { ...parts, config: { ...parts.config, publicUrl: "https://parley.example" } };
  const repoint = agentsTasks.find(({ name }) => name === "agents/repoint")!;
  await repoint.run(moved, {}, new AbortController().signal);
  expect(await jobs("agents/sync")).toContain(id);
  await syncAgent(jobContext(moved, userId), { agentId: id });
  expect((await bolna.getAgent(bolnaAgentId!))!.webhook_url).toMatch(
    /^https:\/\/parley\.example\/api\/webhooks\/bolna\//,
  );
});

test("an agent in use cannot be archived; one that is archived is neither edited nor called with", async () => {
  const { ctx, userId } = await withSandbox();
  const { id } = await createAgent(ctx, draft);
  const campaign = await make.campaign(db.owner, userId, id, { status: "paused" });
  await expect(archiveAgent(ctx, { agentId: id })).rejects.toThrow(/“Campaign” \(paused\)/);
  await db.owner.query(
    "update call_campaigns set status = 'canceled', completed_at = app.now() where id = $1",
    [campaign],
  );
  expect(await archiveAgent(ctx, { agentId: id })).toMatchObject({ status: "archived" });
  await expect(updateAgent(ctx, { agentId: id, name: "New" })).rejects.toThrow(/archived/);
  expect((await listAgents(ctx, { status: "active" })).items).toEqual([]);
});

test("the list pages through agents with what their calls came to; another tenant's are not there", async () => {
  const { ctx, parts } = await withSandbox();
  const ids: string[] = [];
  for (const name of ["One", "Two", "Three"]) ids.unshift((await createAgent(ctx, { ...draft, name })).id);
  const first = await listAgents(ctx, { limit: 2 });
  const second = await listAgents(ctx, { limit: 2, cursor: first.nextCursor });
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
  expect(second.nextCursor).toBeNull();
  expect(first.items[0]).toMatchObject({ calls: 0, answered: 0, runningCampaigns: 0 });
  const other = requestOf(parts, await make.user(db.owner));
  expect((await listAgents(other, {})).items).toEqual([]);
  await expect(getAgent(other, { agentId: ids[0]! })).rejects.toThrow(/No such agent/);
  await expect(listAgents(ctx, { cursor: "nonsense" })).rejects.toThrow(/cursor/);
});

test("voices are those the provider offers", async () => {
  const { ctx } = await withSandbox();
  const { items } = await listVoices(ctx);
  expect(items).toContainEqual(
    expect.objectContaining({ provider: "sarvam", voice: "Anushka", accent: "Indian" }),
  );
});
