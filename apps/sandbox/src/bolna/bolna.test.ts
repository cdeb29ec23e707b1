import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  agent as agentSchema,
  bolnaInstant,
  estimateTurnTimes,
  execution as executionSchema,
  executionsPage,
  transcriptTurns,
  userMe,
} from "@parley/core/wire/bolna";
import { RateLimit } from "../rate-limit.ts";
import { agentBody, KEY, openRig, type Event, type Rig } from "../testing/rig.ts";

const person = (digits: string): string => `+91987651${digits}`;
const FIVE = ["initiated", "ringing", "in-progress", "call-disconnected", "completed"];

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig[Symbol.asyncDispose]());

const statuses = (id: string): string[] =>
  rig.events.filter((event) => event.id === id).map(({ status }) => status);
const execution = async (id: string): Promise<any> => (await rig.get(`/bolna/executions/${id}`)).body;
const ended =
  (id: string) =>
  (event: Event): boolean =>
    event.id === id &&
    ["completed", "no-answer", "busy", "failed", "balance-low", "stopped"].includes(event.status);

describe("what a number does", () => {
  test.each([
    ["0001", FIVE],
    ["0005", ["initiated", "ringing", "busy"]],
    ["0006", ["initiated", "ringing", "no-answer"]],
    ["0008", ["initiated", "failed"]],
    ["0019", ["balance-low"]],
    ["0011", FIVE.flatMap((status) => [status, status])],
    ["0012", FIVE.toReversed()],
    ["0023", ["initiated", "ringing", "in-progress", "in-progress", "call-disconnected", "completed"]],
  ])("%s sends %s", async (digits, expected) => {
    const id = await rig.place(person(digits));
    await rig.forward(600);
    await rig.heard(ended(id));
    // The last event of the row may be a copy of the one that was waited for.
    await expect.poll(() => statuses(id)).toEqual(expected);
  });

  test("0013 says nothing, but can be asked", async () => {
    const id = await rig.place(person("0013"));
    await rig.forward(600);
    expect((await execution(id)).status).toBe("completed");
    expect(rig.events).toEqual([]);
  });

  test("0010 completes thirteen minutes after the line dropped", async () => {
    const id = await rig.place(person("0010"));
    await rig.forward(12 * 60);
    expect((await execution(id)).status).toBe("call-disconnected");
    await rig.forward(3 * 60);
    expect((await execution(id)).status).toBe("completed");
  });

  test("0014 stays in progress for ever, while its line is free again after the longest call", async () => {
    const id = await rig.place(person("0014"));
    await rig.forward(60);
    expect((await rig.get("/sandbox/truth/count")).body.openLines).toBe(1);
    await rig.forward(24 * 3600);
    expect((await execution(id)).status).toBe("in-progress");
    expect((await rig.get("/sandbox/truth/count")).body.openLines).toBe(0);
    expect(statuses(id)).toEqual(FIVE.slice(0, 3));
  });

  test("0015 answers 500 although the call is placed, once", async () => {
    const body = { agent_id: rig.agentId, recipient_phone_number: person("0015") };
    expect((await rig.send("POST", "/bolna/call", body)).status).toBe(500);
    expect((await rig.get("/sandbox/truth")).body.rings).toHaveLength(1);
    expect((await rig.send("POST", "/bolna/call", body)).status).toBe(200);
  });

  test("0016 never answers although the call is placed", async () => {
    const hanging = fetch(`${rig.url}/bolna/call`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ agent_id: rig.agentId, recipient_phone_number: person("0016") }),
      signal: AbortSignal.timeout(300),
    });
    await expect(hanging).rejects.toMatchObject({ name: "TimeoutError" });
    expect((await rig.get("/sandbox/truth")).body.rings).toHaveLength(1);
  });

  test("0017 resets the connection and places nothing, once", async () => {
    const body = { agent_id: rig.agentId, recipient_phone_number: person("0017") };
    await expect(rig.send("POST", "/bolna/call", body)).rejects.toMatchObject({
      cause: { code: "ECONNRESET" },
    });
    expect((await rig.get("/sandbox/truth")).body.rings).toEqual([]);
    expect((await rig.send("POST", "/bolna/call", body)).status).toBe(200);
  });

  test("0018 answers 429 with a time to wait, once", async () => {
    const answer = await fetch(`${rig.url}/bolna/call`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ agent_id: rig.agentId, recipient_phone_number: person("0018") }),
    });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "2"]);
    expect((await rig.get("/sandbox/truth")).body.rings).toEqual([]);
    await rig.place(person("0018"));
  });

  test("0019 empties the wallet for half a minute and rings only the second time", async () => {
    await rig.place(person("0019"));
    await rig.forward(2);
    expect(userMe.parse((await rig.get("/bolna/user/me")).body).wallet).toBe(0);
    expect((await rig.get("/sandbox/truth")).body.rings).toEqual([]);
    await rig.forward(31);
    expect(userMe.parse((await rig.get("/bolna/user/me")).body).wallet).toBeGreaterThan(0);
    const second = await rig.place(person("0019"));
    await rig.forward(600);
    expect((await execution(second)).status).toBe("completed");
  });

  test("0024 rings back a minute later, as an inbound call of the same agent", async () => {
    const id = await rig.place(person("0024"), { user_data: { name: "Priya Nair" } });
    await rig.forward(300);
    const inbound = await rig.heard(
      (event) => event.status === "completed" && (event["telephony_data"] as any).call_type === "inbound",
    );
    expect(inbound).toMatchObject({
      agent_id: rig.agentId,
      user_number: person("0024"),
      context_details: { recipient_data: null },
      telephony_data: { from_number: person("0024") },
    });
    expect(inbound.id).not.toBe(id);
    expect((await rig.get("/sandbox/truth")).body.rings).toHaveLength(1);
  });

  test("the tool's post of 0023 carries keys of its own and changes nothing", async () => {
    const id = await rig.place(person("0023"));
    await rig.forward(600);
    await rig.heard(ended(id));
    const [tool, real] = rig.events.filter(({ status }) => status === "in-progress");
    expect(tool).toHaveProperty("tool_name");
    expect(real).not.toHaveProperty("tool_name");
  });

  test("a number can be given another part to play", async () => {
    const to = "+14155550199";
    await rig.send("POST", "/sandbox/scenarios", { numbers: { [to]: "0005" } });
    const id = await rig.place(to);
    await rig.forward(60);
    expect((await execution(id)).status).toBe("busy");
  });
});

describe("the record of a call", () => {
  test("figures are nothing while live, partial at the hang-up and final when completed", async () => {
    const id = await rig.place(person("0001"), { user_data: { name: "Priya Nair", call_id: "ours" } });
    await rig.forward(600);
    await rig.heard(ended(id));
    const [initiated, , live, dropped, completed] = rig.events;
    expect(initiated).toMatchObject({ conversation_duration: 0, total_cost: 0, transcript: null });
    expect(live).toMatchObject({
      conversation_duration: 0,
      transcript: null,
      telephony_data: { recording_url: null },
    });
    expect(dropped).toMatchObject({
      conversation_duration: 63.4,
      telephony_data: { duration: "0.0", recording_url: "" },
    });
    expect(dropped!["cost_breakdown"]).toMatchObject({ network: 0, platform: 0 });
    expect(completed).toMatchObject({
      conversation_duration: 63.4,
      telephony_data: { duration: "64", recording_url: `${rig.url}/bolna/recordings/call/${id}` },
      context_details: { recipient_data: { call_id: "ours" }, recipient_phone_number: person("0001") },
    });
    expect(Number(completed!["total_cost"])).toBeGreaterThan(Number(dropped!["total_cost"]));
    expect(dropped!["transcript"]).toContain("user: Yes, this is Priya.");
    for (const event of rig.events) executionSchema.parse(event);
    expect(await execution(id)).toEqual(completed);
  });

  test("instants are naive UTC with microseconds, in the order of events", async () => {
    const id = await rig.place(person("0001"));
    await rig.forward(600);
    await rig.heard(ended(id));
    const at = rig.events.map((event) => String(event["updated_at"]));
    for (const each of at) expect(each).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
    expect(at).toEqual(at.toSorted());
    const talk = Date.parse(bolnaInstant(at[3]!)!) - Date.parse(bolnaInstant(at[2]!)!);
    expect(talk).toBe(63_400);
  });

  test("no call outlasts its agent's longest", async () => {
    const body = agentBody(null);
    body.agent_config.tasks[0].task_config.call_terminate = 20;
    const { body: made } = await rig.send("POST", "/bolna/v2/agent", body);
    const { body: placed } = await rig.send("POST", "/bolna/call", {
      agent_id: made.agent_id,
      recipient_phone_number: person("0001"),
    });
    await rig.forward(600);
    const short = await execution(placed.execution_id);
    expect(short).toMatchObject({
      conversation_duration: 20,
      telephony_data: { hangup_reason: "Call timed out" },
    });
    expect(short.transcript).not.toContain("booked");
  });

  test("the same seed gives the same people; another seed gives others", async () => {
    const endings = async (seed: string): Promise<string> => {
      await using other = await openRig({ seed });
      for (let each = 0; each < 60; each++) await other.place(`+91900001${2000 + each}`);
      await other.forward(3600);
      const { executions } = (await other.get("/sandbox/truth")).body;
      return executions
        .map((each: any) => `${each.phoneNumber} ${each.story} ${each.conversationSeconds}`)
        .join("\n");
    };
    const first = await endings("one");
    expect(await endings("one")).toBe(first);
    expect(await endings("two")).not.toBe(first);
  });

  test("ordinary numbers follow the mix", async () => {
    await rig.send("POST", "/sandbox/account", { rateFactor: 100 });
    for (let each = 0; each < 400; each++) await rig.place(`+91900002${3000 + each}`);
    await rig.forward(3600);
    const { executions } = (await rig.get("/sandbox/truth/count")).body;
    expect(executions["no-answer"]).toBeGreaterThan(55);
    expect(executions["no-answer"]).toBeLessThan(105);
    expect(executions.busy).toBeGreaterThan(20);
    expect(executions.busy).toBeLessThan(60);
    expect(executions.completed).toBeGreaterThan(210);
  });
});

describe("requests the vendor refuses", () => {
  const call = (change: Record<string, unknown>): Promise<{ status: number; body: any }> =>
    rig.send("POST", "/bolna/call", {
      agent_id: rig.agentId,
      recipient_phone_number: person("0001"),
      ...change,
    });
  const inMinutes = (minutes: number): string =>
    new Date(rig.sandbox.clock.now() + minutes * 60_000).toISOString().replace("Z", "+00:00");

  test.each([
    [{ agent_id: undefined }, 400, "agent_id is required"],
    [{ agent_id: "no-uuid" }, 400, "agent_id: "],
    [{ agent_id: "6b0c7d1e-9f4a-4a57-8a55-0d6c3f1b2e90" }, 404, "Agent not found"],
    [{ recipient_phone_number: "" }, 400, "recipient_phone_number is required"],
    [{ recipient_phone_number: "+91 9876500001" }, 400, "recipient_phone_number: "],
    [{ recipient_phone_number: "9876500001" }, 400, "recipient_phone_number: "],
    [{ from_phone_number: "+14155550000" }, 400, "Invalid from_phone_number"],
    [{ user_data: "Priya" }, 400, "user_data: "],
    [{ agent_data: { voice: "x" } }, 400, "agent_data"],
    [{ retry_config: { max_retries: 9 } }, 400, "retry_config.max_retries: "],
    [{ scheduled_at: "2026-12-01T10:00:00Z" }, 500, "Internal server error"],
    [{ scheduled_at: "2026-12-01T10:00:00" }, 400, "scheduled_at: "],
    [
      { scheduled_at: "2020-12-01T10:00:00+05:30" },
      400,
      "Scheduled time should be atleast 2 minutes in the future",
    ],
  ])("POST /call with %o answers %i %s", async (change, status, message) => {
    const answer = await call(change);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      error: expect.any(Number),
      message: expect.stringContaining(message),
    });
    expect((await rig.get("/sandbox/truth")).body.rings).toEqual([]);
  });

  test("a wrong key gets the vendor's own words", async () => {
    const answer = await fetch(`${rig.url}/bolna/user/me`, { headers: { authorization: "Bearer bn-other" } });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ detail: "Unrecognized access token" });
  });

  test("a scheduled call waits for its time and can be stopped until then", async () => {
    const id = await rig.place(person("0001"), { scheduled_at: inMinutes(10) });
    const other = await rig.place(person("0002"), { scheduled_at: inMinutes(10) });
    expect((await execution(id)).status).toBe("scheduled");
    expect((await rig.send("POST", `/bolna/call/${other}/stop`)).body).toEqual({
      message: "done",
      status: "stopped",
      execution_id: other,
    });
    await rig.forward(20 * 60);
    expect((await execution(id)).status).toBe("completed");
    expect((await execution(other)).status).toBe("stopped");
    expect((await rig.send("POST", `/bolna/call/${id}/stop`)).status).toBe(400);
  });

  test.each([
    [{ agent_config: undefined }, "agent_config is required"],
    [{ agent_config: { agent_name: "A" } }, "tasks is required"],
    [{ agent_prompts: undefined }, "agent_prompts is required"],
  ])("POST /v2/agent with %o says %s", async (change, message) => {
    const answer = await rig.send("POST", "/bolna/v2/agent", { ...agentBody(null), ...change });
    expect([answer.status, answer.body.message]).toEqual([400, message]);
  });

  test.each([
    [(task: any) => (task.toolchain.pipelines = ["llm"]), "toolchain.pipelines must be array of arrays"],
    [(task: any) => delete task.tools_config.synthesizer, "tools_config.synthesizer is required"],
    [
      (task: any) => (task.tools_config.llm_agent.llm_config.model = "gpt-5.4-mini"),
      "For GPT-5 models, temperature must be 1",
    ],
    [
      (task: any) => Object.assign(task.tools_config.llm_agent.llm_config, { reasoning_effort: "high" }),
      "reasoning_effort 'high' is not supported for model 'gpt-4.1-mini'",
    ],
  ])("an agent with a wrong task is refused: %s", async (spoil, message) => {
    const body = agentBody(null);
    spoil(body.agent_config.tasks[0]);
    expect((await rig.send("POST", "/bolna/v2/agent", body)).body.message).toBe(message);
  });

  test("the list wants both ends of at most seven days, and pages of at most fifty", async () => {
    const list = (query: string): Promise<{ status: number; body: any }> =>
      rig.get(`/bolna/v2/agent/${rig.agentId}/executions?${query}`);
    expect((await list("from=2026-11-01T00:00:00Z")).status).toBe(400);
    expect((await list("from=2026-11-01T00:00:00Z&to=2026-11-09T00:00:00Z")).status).toBe(400);
    expect((await list("from=2026-11-01T00:00:00Z&to=2026-11-07T00:00:00Z&page_size=51")).status).toBe(400);
    expect((await list("from=yesterday&to=today")).status).toBe(400);
  });
});

describe("agents", () => {
  test("PATCH changes what it may and silently ignores the rest; PUT replaces everything", async () => {
    const path = `/bolna/v2/agent/${rig.agentId}`;
    const patched = await rig.send("PATCH", path, {
      agent_config: { agent_name: "Meera", tasks: [], agent_type: "sales" },
      agent_prompts: { task_1: { system_prompt: "New." } },
    });
    expect(patched).toEqual({ status: 200, body: { message: "success", state: "updated" } });
    const after = agentSchema.parse((await rig.get(path)).body);
    expect(after).toMatchObject({
      agent_name: "Meera",
      agent_type: "other",
      agent_prompts: { task_1: { system_prompt: "New." } },
    });
    expect(after.tasks).toHaveLength(1);
    expect(after.webhook_url).toContain("/hook");

    await rig.send("PUT", path, agentBody(null));
    expect(agentSchema.parse((await rig.get(path)).body)).toMatchObject({
      agent_name: "Asha",
      webhook_url: null,
    });
  });

  test("deleting an agent deletes its calls, though the truth remembers them", async () => {
    const id = await rig.place(person("0001"));
    expect((await rig.send("DELETE", `/bolna/v2/agent/${rig.agentId}`)).body.state).toBe("deleted");
    expect((await rig.get(`/bolna/executions/${id}`)).status).toBe(404);
    expect((await rig.get("/bolna/v2/agent/all")).body).toEqual([]);
    expect((await rig.get("/sandbox/truth")).body.rings).toHaveLength(1);
  });
});

describe("events", () => {
  test("a redirect is no delivery, and the event is sent again", async () => {
    await using quick = await openRig({ retriesMs: [100, 100] });
    quick.ear.status = 302;
    const id = await quick.place(person("0008"));
    await quick.forward(60);
    await expect
      .poll(async () => (await quick.get("/sandbox/journal")).body.webhooks)
      .toContainEqual(expect.objectContaining({ result: "302", attempt: 1 }));
    quick.ear.status = 200;
    await quick.heard(ended(id));
    expect((await quick.get("/sandbox/journal")).body.webhooks).toContainEqual(
      expect.objectContaining({ result: "200", status: "failed" }),
    );
  });

  test("an event that nobody takes is given up after the last repeat", async () => {
    await using quick = await openRig({ retriesMs: [10, 10] });
    quick.ear.status = 500;
    await quick.place(person("0005"));
    await quick.forward(60);
    await expect
      .poll(async () => (await quick.get("/sandbox/truth/count")).body.webhooks)
      .toMatchObject({ failed: 3, retried: 6, delivered: 0, pending: 0 });
  });

  test("faults drop, double and delay events at the rate that was set", async () => {
    await rig.send("POST", "/sandbox/faults", { drop_webhook: 1 });
    await rig.place(person("0001"));
    await rig.forward(600);
    expect((await rig.get("/sandbox/truth/count")).body.webhooks).toMatchObject({ dropped: 5, delivered: 0 });
    await rig.send("DELETE", "/sandbox/faults");
    await rig.send("POST", "/sandbox/faults", { duplicate_webhook: 1 });
    const id = await rig.place(person("0005"));
    await rig.forward(600);
    await expect
      .poll(() => statuses(id))
      .toEqual(["initiated", "initiated", "ringing", "ringing", "busy", "busy"]);
    expect((await rig.send("POST", "/sandbox/faults", { drop_webhok: 1 })).status).toBe(400);
  });

  test("held-back events come after their successors and none is lost", async () => {
    await rig.send("POST", "/sandbox/faults", { reorder_webhook: 1 });
    const id = await rig.place(person("0001"));
    await rig.forward(600);
    await expect.poll(() => statuses(id).toSorted()).toEqual(FIVE.toSorted());
    expect(statuses(id)[0]).toBe("completed");
  });

  test("the first event can arrive before the answer to the POST", async () => {
    await rig.send("POST", "/sandbox/clock", { scale: 50 });
    await rig.send("POST", "/sandbox/faults", { early_webhook: 1 });
    const id = await rig.place(person("0001"));
    expect(statuses(id)).toContain("initiated");
  });

  test("a revised transcript adds words only at the end", async () => {
    await rig.send("POST", "/sandbox/faults", { revised_transcript: 1 });
    const id = await rig.place(person("0002"));
    await rig.forward(600);
    const done = await rig.heard(ended(id));
    const dropped = rig.events.find(({ status }) => status === "call-disconnected")!;
    expect(String(done["transcript"]).startsWith(String(dropped["transcript"]))).toBe(true);
    expect(String(done["transcript"]).length).toBeGreaterThan(String(dropped["transcript"]).length + 50);
  });

  test("an accepted call can come back without its id", async () => {
    await rig.send("POST", "/sandbox/faults", { answer_without_id: 1 });
    const order = { agent_id: rig.agentId, recipient_phone_number: person("0001") };
    const answer = await rig.send("POST", "/bolna/call", order);
    expect(answer).toEqual({ status: 200, body: { message: "done", status: "queued" } });
    expect((await rig.get("/sandbox/truth")).body.rings).toHaveLength(1);
  });

  test("final figures and transcripts can be odd, and are still JSON", async () => {
    await rig.send("POST", "/sandbox/faults", { odd_figures: 1, odd_text: 1 });
    const id = await rig.place(person("0002"));
    await rig.forward(600);
    const done = await rig.heard(ended(id));
    const usual = (await rig.get("/sandbox/truth")).body.executions[0].conversationSeconds as number;
    expect([String(usual), -usual, null, usual + 3600]).toContain(done["conversation_duration"]);
    expect(String(done["transcript"])).toContain("\u0000\ud800");
  });

  test("an execution can come without the data that was sent along, told by event and by record alike", async () => {
    await rig.send("POST", "/sandbox/faults", { lost_user_data: 1 });
    const id = await rig.place(person("0001"));
    await rig.forward(600);
    const without = { context_details: { recipient_data: null, recipient_phone_number: person("0001") } };
    expect(await rig.heard(ended(id))).toMatchObject(without);
    expect((await rig.get(`/bolna/executions/${id}`)).body).toMatchObject(without);
  });

  test("a forged event reaches another agent's address, and says that the call is over", async () => {
    const other = await rig.send("POST", "/bolna/v2/agent", agentBody(`${rig.hook}?other`));
    await rig.send("POST", "/sandbox/faults", { forged_webhook: 1, drop_webhook: 1 });
    const id = await rig.place(person("0001"));
    await rig.forward(20);
    const lie = await rig.heard((event) => event.id === id);
    expect(other.status).toBe(201);
    expect(lie).toMatchObject({ status: "completed", conversation_duration: 999, agent_id: rig.agentId });
  });
});

describe("lines and limits", () => {
  test("calls over the account's concurrency wait in order, and the peak is what was open", async () => {
    await rig.send("POST", "/sandbox/account", { concurrency: 2 });
    const ids: string[] = [];
    for (const digits of ["0001", "0001", "0001", "0001"]) ids.push(await rig.place(person(digits)));
    await rig.forward(20);
    expect(userMe.parse((await rig.get("/bolna/user/me")).body).concurrency).toEqual({ max: 2, current: 2 });
    expect((await execution(ids[2]!)).status).toBe("queued");
    await rig.forward(3600);
    const initiated = await Promise.all(ids.map(async (id) => (await execution(id)).initiated_at));
    expect(initiated).toEqual(initiated.toSorted());
    expect((await rig.get("/sandbox/truth")).body.peaks).toEqual({
      system: 4,
      byAgent: { [rig.agentId]: 4 },
    });
    expect((await rig.get("/sandbox/truth/count")).body.openLines).toBe(0);
  });

  test("the 501st call of a minute is refused with a time to wait", () => {
    const limit = new RateLimit();
    for (let each = 0; each < 500; each++) expect(limit.take("call", 500, each * 10).ok).toBe(true);
    expect(limit.take("call", 500, 10_000)).toEqual({ ok: false, retryAfterSeconds: 50 });
    expect(limit.take("other", 1000, 10_000).ok).toBe(true);
    expect(limit.take("call", 500, 60_001).ok).toBe(true);
  });

  test("the limit of POST /call answers 429 over HTTP", async () => {
    await rig.send("POST", "/sandbox/account", { rateFactor: 0.004 }); // two a minute
    await rig.place(person("0001"));
    await rig.place(person("0001"));
    await expect(rig.place(person("0001"))).rejects.toThrow("429");
  });

  test("pages are newest first and together hold every call once", async () => {
    const ids: string[] = [];
    for (let each = 0; each < 7; each++) ids.push(await rig.place(person("0005")));
    const now = rig.sandbox.clock.now();
    const query = (page: number, more = ""): string =>
      `/bolna/v2/agent/${rig.agentId}/executions?page_size=3&page_number=${page}${more}&` +
      new URLSearchParams({
        from: new Date(now - 60_000).toISOString(),
        to: new Date(now + 60_000).toISOString(),
      });
    const pages = await Promise.all(
      [1, 2, 3].map(async (page) => executionsPage.parse((await rig.get(query(page))).body)),
    );
    expect(pages.map(({ has_more }) => has_more)).toEqual([true, true, false]);
    expect(pages.flatMap(({ data }) => data.map(({ id }) => id))).toEqual(ids.toReversed());
    expect((await rig.get(query(1, "&status=completed"))).body.data).toEqual([]);
  });
});

describe("recordings", () => {
  const listen = (id: string, range?: string): Promise<Response> =>
    fetch(`${rig.url}/bolna/recordings/call/${id}`, {
      headers: { authorization: `Bearer ${KEY}`, ...(range ? { range } : {}) },
    });

  test("a recording is as long as the conversation, and every range is a slice of it", async () => {
    const id = await rig.place(person("0001"));
    expect((await listen(id)).status).toBe(404);
    await rig.forward(600);
    const whole = Buffer.from(await (await listen(id)).arrayBuffer());
    expect(whole.subarray(0, 4).toString()).toBe("RIFF");
    expect(whole.length).toBe(44 + 63.4 * 8000 * 2);
    const part = await listen(id, "bytes=1000-1999");
    expect([part.status, part.headers.get("content-range")]).toEqual([
      206,
      `bytes 1000-1999/${whole.length}`,
    ]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(1000, 2000));
    const tail = Buffer.from(await (await listen(id, "bytes=-500")).arrayBuffer());
    expect(tail).toEqual(whole.subarray(whole.length - 500));
    const open = await listen(id, `bytes=${whole.length - 10}-`);
    expect(Number(open.headers.get("content-length"))).toBe(10);
    expect((await listen(id, `bytes=${whole.length}-`)).status).toBe(416);
    expect((await fetch(`${rig.url}/bolna/recordings/call/${id}`)).status).toBe(403);
  });

  test("the recording of 0021 comes two minutes late", async () => {
    const id = await rig.place(person("0021"));
    await rig.forward(120);
    expect((await execution(id)).status).toBe("completed");
    expect((await listen(id)).status).toBe(404);
    await rig.forward(180);
    expect((await listen(id)).status).toBe(200);
  });

  test("sound stands where somebody speaks, and silence between the turns", async () => {
    const id = await rig.place(person("0002"));
    await rig.forward(600);
    const { transcript, conversation_duration: seconds } = await execution(id);
    const sound = Buffer.from(await (await listen(id)).arrayBuffer()).subarray(44);
    const loudness = (from: number, to: number): number => {
      let sum = 0;
      const [first, last] = [Math.ceil(from * 8000), Math.floor(to * 8000)];
      for (let sample = first; sample < last; sample++) sum += Math.abs(sound.readInt16LE(sample * 2));
      return sum / (last - first);
    };
    const turns = estimateTurnTimes(transcriptTurns(transcript), seconds);
    turns.forEach((turn, index) => {
      const next = turns[index + 1]?.startSeconds ?? seconds;
      expect(loudness(turn.startSeconds, turn.endSeconds)).toBeGreaterThan(
        20 * loudness(turn.endSeconds, next),
      );
    });
  });
});

describe("memory", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "sandbox-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test("the ring is on disk when the answer arrives", async () => {
    await using first = await openRig({ directory });
    const id = await first.place(person("0001"), { user_data: { call_id: "ours" } });
    const written = readFileSync(join(directory, "truth.jsonl"), "utf8").trim().split("\n");
    expect(written.map((line) => JSON.parse(line))).toEqual([
      { to: person("0001"), at: expect.any(String), executionId: id, userData: { call_id: "ours" } },
    ]);
  });

  test("a call in the air goes on after a restart, and its agent is still there", async () => {
    const first = await openRig({ directory });
    const id = await first.place(person("0001"));
    await first.forward(20);
    await first.heard((event) => event.status === "in-progress");
    await first[Symbol.asyncDispose]();

    await using second = await openRig({ directory, agentId: first.agentId });
    await second.forward(600);
    await second.heard(ended(id));
    expect(second.events.map(({ status }) => status)).toEqual(["call-disconnected", "completed"]);
    const { rings, peaks } = (await second.get("/sandbox/truth")).body;
    expect([rings.length, peaks.system]).toEqual([1, 1]);
  });

  test("events that nobody took before a restart are sent after it", async () => {
    const first = await openRig({ directory });
    first.ear.status = 503;
    await first.place(person("0005"));
    await first.forward(60);
    await expect.poll(async () => (await first.get("/sandbox/truth/count")).body.webhooks.retried).toBe(3);
    await first[Symbol.asyncDispose]();

    // The agent moves to another address meanwhile: what fails at the old one is repeated at the new one.
    await using second = await openRig({ directory, agentId: first.agentId, retriesMs: [200] });
    await expect
      .poll(() => second.events.map(({ status }) => status).toSorted())
      .toEqual(["busy", "initiated", "ringing"]);
  });

  test("first-time tricks, faults and the clock are remembered", async () => {
    const first = await openRig({ directory });
    await first.send("POST", "/bolna/call", {
      agent_id: first.agentId,
      recipient_phone_number: person("0018"),
    });
    await first.send("POST", "/sandbox/faults", { drop_webhook: 0.5 });
    await first.forward(86_400);
    const before = first.sandbox.clock.now();
    await first[Symbol.asyncDispose]();

    await using second = await openRig({ directory, agentId: first.agentId });
    await second.place(person("0018"));
    expect((await second.get("/sandbox/faults")).body.rates).toEqual({ drop_webhook: 0.5 });
    expect(second.sandbox.clock.now()).toBeGreaterThanOrEqual(before);
  });

  test("a crash between a call and its ring loses neither", async () => {
    const first = await openRig({ directory });
    const id = await first.place(person("0005"));
    await first[Symbol.asyncDispose]();
    writeFileSync(join(directory, "truth.jsonl"), "");
    await using second = await openRig({ directory, agentId: first.agentId });
    expect((await second.get("/sandbox/truth")).body.rings).toMatchObject([
      { to: person("0005"), executionId: id },
    ]);
  });

  test("a line cut off by a crash is dropped, and writing goes on behind it", async () => {
    const first = await openRig({ directory });
    await first.place(person("0005"));
    await first[Symbol.asyncDispose]();
    const path = join(directory, "truth.jsonl");
    appendFileSync(path, '{"to":"+91');
    await using second = await openRig({ directory, agentId: first.agentId });
    await second.place(person("0006"));
    expect((await second.get("/sandbox/truth")).body.rings).toHaveLength(2);
    expect(readFileSync(path, "utf8").trim().split("\n")).toHaveLength(2);
  });
});
