import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callOutcome } from "@parley/core/calls/outcome";
import { isCallStatus } from "@parley/core/calls/lifecycle";
import { callPrice, talkSeconds } from "@parley/core/calls/price";
import { defaultRetry, nextAttempt, type Attempt } from "@parley/core/campaigns/retry";
import { execution as executionSchema, type Execution } from "@parley/core/wire/bolna";
import { magicNumbers } from "./bolna/plan.ts";
import { KEY, openRig, type Rig } from "./testing/rig.ts";

/** docs/sandbox.md promises how each number ends; here a small caller with the product's own rules plays every row. */
interface Row {
  number: string;
  status: string;
  outcome: string;
  item: string;
  rings: number;
  attempts: number;
  price: number;
}

const page = readFileSync(new URL("../../../docs/sandbox.md", import.meta.url), "utf8");
const rows: Row[] = [...page.matchAll(/^\| (\d{4}) \|(.*)\|$/gm)].map((match) => {
  const [, status, outcome, item, rings, attempts, price] = match[2]!.split("|").map((cell) => cell.trim());
  return {
    number: match[1]!,
    status: status!,
    outcome: outcome!,
    item: item!,
    rings: Number(rings),
    attempts: Number(attempts),
    price: Number(price),
  };
});

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

test("the page lists every number, and only those", () => {
  expect(rows.map(({ number }) => number)).toEqual(Object.keys(magicNumbers));
});

test.each(rows)("$number ends as the page says", async (row) => {
  const to = `+91987654${row.number}`;
  const history: Attempt[] = [];
  let price = 0;
  let last: Execution | null = null;
  for (;;) {
    last = await attempt(to);
    const now = new Date(rig.sandbox.clock.now()).toISOString();
    const status = last?.status ?? "not-placed";
    if (!isCallStatus(status)) throw new Error(`${status} is no status of a call`);
    const { outcome } = callOutcome({
      status,
      transcript: last?.transcript ?? null,
      conversationSeconds: last?.conversation_duration ?? null,
      answeredByVoicemail: last?.answered_by_voice_mail ?? null,
    });
    price += callPrice(talkSeconds(last?.conversation_duration ?? 0));
    history.push({ status, outcome, endedAt: now });
    const next = nextAttempt(defaultRetry, history, now);
    if (next.kind === "settled") {
      const { rings } = (await rig.get("/sandbox/truth")).body;
      expect({
        number: row.number,
        status: last?.status,
        outcome,
        item: next.itemStatus,
        rings: rings.filter((ring: { to: string }) => ring.to === to).length,
        attempts: history.filter((each) => each.status !== "not-placed" && each.status !== "balance-low")
          .length,
        price,
      }).toEqual(row);
      return;
    }
    if (next.kind === "blocked") throw new Error(next.because);
    await rig.forward((Date.parse(next.at) - Date.parse(now)) / 1000 + 31);
  }
});

/** One attempt as Parley makes it: one POST, then looking for the call if the answer is unclear, then its final record. */
async function attempt(to: string): Promise<Execution | null> {
  const callId = randomUUID();
  const id = (await post(to, callId)) ?? (await find(callId));
  if (!id) return null;
  await rig.forward(15 * 60);
  const read = executionSchema.parse((await rig.get(`/bolna/executions/${id}`)).body);
  return read;
}

async function post(to: string, callId: string): Promise<string | null> {
  try {
    const answer = await fetch(`${rig.url}/bolna/call`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
      body: JSON.stringify({
        agent_id: rig.agentId,
        recipient_phone_number: to,
        user_data: { call_id: callId, name: "Priya Nair", company: "Blue Dental", timezone: "Asia/Kolkata" },
      }),
      signal: AbortSignal.timeout(400),
    });
    return answer.ok ? ((await answer.json()) as { execution_id: string }).execution_id : null;
  } catch {
    return null;
  }
}

async function find(callId: string): Promise<string | null> {
  const now = rig.sandbox.clock.now();
  const query = new URLSearchParams({
    from: new Date(now - 3_600_000).toISOString(),
    to: new Date(now + 3_600_000).toISOString(),
    page_size: "50",
  });
  const { body } = await rig.get(`/bolna/v2/agent/${rig.agentId}/executions?${query}`);
  const match = body.data.find((each: any) => each.context_details.recipient_data?.call_id === callId);
  return match?.id ?? null;
}
