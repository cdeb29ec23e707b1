import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { permissions, routePermissions } from "@parley/core/accounts/permissions";
import { procedures } from "@parley/core/contract";
import { foreignRequests, type Try } from "./foreign-requests.ts";
import { until, useHouse } from "./house.ts";
import { livedTenant, type Tenant } from "./tenant.ts";
import { Visitor } from "./visitor.ts";

const house = useHouse({ SYSTEM_CONCURRENT_CALLS_LIMIT: "20" });

let alpha: Tenant;
let beta: Tenant;
/** Ids and words that stand in beta's rows alone. */
let secrets: string[];
let before: Map<string, string[]>;

type Row = Record<string, unknown>;
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** Every row of one tenant in every table, as text, by table. */
async function rowsOf(userId: string): Promise<Map<string, string[]>> {
  const { rows } = await house.db.owner.query<{ name: string; rows: Row[] }>(await snapshot(), [userId]);
  return new Map(rows.map(({ name, rows: found }) => [name, found.map((row) => JSON.stringify(row))]));
}

/** One statement over all tables that belong to tenants; a new table is in it by itself. */
async function snapshot(): Promise<string> {
  if (statement) return statement;
  const { rows: tables } = await house.db.owner.query<{ name: string }>(
    `select c.table_name as name from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and c.column_name = 'user_id' and t.table_type = 'BASE TABLE' order by 1`,
  );
  const read = (name: string, where: string) =>
    `select '${name}' as name, coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), '[]') as rows from ${name} t where ${where}`;
  statement = [
    ...tables.map(({ name }) => read(name, "t.user_id = $1")),
    read("users", "t.id = $1"),
    read("people", "t.id in (select person_id from members where user_id = $1)"),
  ].join(" union all ");
  return statement;
}

let statement = "";

const textOf = (tables: Map<string, string[]>) => [...tables.values()].flat().join("\n");

const traces = (text: string, input: unknown = null) => {
  const said = JSON.stringify(input);
  return secrets.filter((secret) => text.includes(secret) && !said.includes(secret));
};

beforeAll(async () => {
  await house.signUp({ company: "The operator" });
  await house.clock({ scale: 60 });
  [alpha, beta] = await Promise.all([livedTenant(house, "alpha7q"), livedTenant(house, "beta9z")]);
  await house.clock({ scale: 1 });
  // What a job was put off to do would change rows later, as if somebody had.
  await house.db.owner.query(
    "select graphile_worker.reschedule_jobs(array(select id from graphile_worker.jobs where run_at > app.wall()), app.wall())",
  );
  await until("no job is due or running", async () => {
    const { rows } = await house.db.owner.query(
      "select from graphile_worker.jobs where locked_at is not null or (run_at <= app.wall() and attempts < max_attempts) limit 1",
    );
    return rows.length === 0;
  });
  before = await rowsOf(beta.userId);
  const own = textOf(await rowsOf(alpha.userId));
  secrets = [...new Set([...(textOf(before).match(uuid) ?? []), beta.marker])].filter(
    (word) => !own.includes(word),
  );
}, 120_000);

test("both tenants hold the same people, and beta has rows in every room", () => {
  const people = (text: string) =>
    [...text.matchAll(/"phone_number":"(\+91 98123\d+)"/g)].map(([, phone]) => phone);
  expect(new Set(people(textOf(before)))).toEqual(
    new Set(["+91 9812300001", "+91 9812300002", "+91 9812300009", "+91 9812345678"]),
  );
  expect(secrets.length).toBeGreaterThan(60);
  const empty = [...before].filter(([, rows]) => rows.length === 0).map(([name]) => name);
  // Rooms that this version does not furnish, what is not kept, and what comes the night after.
  expect(
    empty.filter(
      (name) =>
        ![
          "phone_numbers",
          "contact_identities",
          "one_time_tokens",
          "idempotency_keys",
          "audit_digests",
        ].includes(name),
    ),
  ).toEqual([]);
});

/** The paths of all fields that take an id. */
function idFields(schema: z.ZodType): string[] {
  const found: string[] = [];
  const walk = (node: Row, path: string) => {
    if (node["format"] === "uuid") found.push(path);
    for (const [name, inner] of Object.entries((node["properties"] ?? {}) as Record<string, Row>))
      walk(inner, path ? `${path}.${name}` : name);
    if (node["items"]) walk(node["items"] as Row, path);
    for (const branch of [...((node["anyOf"] ?? []) as Row[]), ...((node["allOf"] ?? []) as Row[])])
      walk(branch, path);
  };
  walk(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Row, "");
  return [...new Set(found)];
}

const at = (input: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((value, name) => (value as Row | undefined)?.[name], input);

describe.each(procedures().filter(({ path }) => path !== "live.stream"))(
  "$path",
  ({ path, input: schema }) => {
    const tries = (): Try[] => {
      const fixture = foreignRequests[path];
      if (!fixture)
        throw new Error(
          `${path} has no fixture in foreign-requests.ts: say how it could reach another tenant.`,
        );
      return fixture(beta, alpha);
    };

    test("is asked for the other's row by every field that takes an id", () => {
      const asked = tries().map(({ input }) => input);
      expect(asked.length).toBeGreaterThan(0);
      for (const field of idFields(schema)) {
        const handed = asked.map((input) => at(input, field)).flat();
        expect(
          handed.some((id) => secrets.includes(id as string)),
          `${path} ${field}`,
        ).toBe(true);
      }
    });

    test("shows, changes and betrays nothing of the other tenant", async () => {
      const program = house.visitor(alpha.key);
      for (const { input, ends, aside } of tries()) {
        const sender = aside ? new Visitor(house.server) : alpha.owner;
        if (aside) sender.cookie = (await signedInAgain()).cookie;
        const { body, headers } = await sender.send(path, input);
        const code = body.error ? body.error.data.code : "answered";
        expect({ input, code, message: body.error?.message }).toMatchObject({ input, code: ends });
        expect(body.error?.message).not.toBe("There is no such procedure. Check its name.");
        expect(traces(JSON.stringify(body), input)).toEqual([]);
        expect(traces(JSON.stringify(Object.fromEntries(headers)))).toEqual([]);
        // The same by API key: it may be refused earlier, never let in further.
        if (ends === "answered" && permissions[path].kind === "mutation") continue;
        const { body: told } = await program.send(path, input);
        expect([ends, "not_allowed"]).toContain(told.error ? told.error.data.code : "answered");
        expect(traces(JSON.stringify(told), input)).toEqual([]);
      }
      const now = await rowsOf(beta.userId);
      for (const [table, rows] of before) expect(now.get(table), table).toEqual(rows);
    });
  },
);

async function signedInAgain(): Promise<Visitor> {
  const them = new Visitor(house.server);
  await them.ask("auth.signIn", { email: alpha.owner.email, password: alpha.owner.password });
  return them;
}

test("the fixtures name procedures only", () => {
  expect(Object.keys(foreignRequests).toSorted()).toEqual(
    procedures()
      .map(({ path }) => path)
      .toSorted(),
  );
});

test("live.stream tells of the asker's own changes only, and resumes from nobody else's", async () => {
  const tell = async (userId: string, ref: string) =>
    (
      await house.db.owner.query<{ id: string }>(
        "insert into live_changes (user_id, topic, ref) values ($1, 'calls', $2) returning id::text as id",
        [userId, ref],
      )
    ).rows[0]!.id;
  const foreign = await tell(beta.userId, beta.callId);
  const input = encodeURIComponent(JSON.stringify({ lastEventId: foreign }));
  const answer = await alpha.owner.fetch(`/trpc/live.stream?input=${input}`, {
    headers: { accept: "text/event-stream" },
  });
  let heard = "";
  const decoder = new TextDecoder();
  for await (const chunk of answer.body!) {
    heard += decoder.decode(chunk, { stream: true });
    if (heard.includes("resync")) break;
  }
  expect(heard).toContain('"topic":"resync"');
  expect(traces(heard, { lastEventId: foreign })).toEqual([]);

  const open = await alpha.owner.fetch("/trpc/live.stream", { headers: { accept: "text/event-stream" } });
  heard = "";
  let told = false;
  for await (const chunk of open.body!) {
    heard += decoder.decode(chunk, { stream: true });
    if (!told) {
      told = true;
      await tell(beta.userId, beta.callId);
      await tell(alpha.userId, alpha.callId);
      await house.db.owner.query("notify live");
    }
    if (heard.includes(alpha.callId)) break;
  }
  expect(traces(heard)).toEqual([]);
  await house.db.owner.query("delete from live_changes where user_id = $1 and ref = $2", [
    beta.userId,
    beta.callId,
  ]);
  before.set("live_changes", (await rowsOf(beta.userId)).get("live_changes")!);
});

describe("plain routes", () => {
  const routes: Record<keyof typeof routePermissions, () => Promise<Response>> = {
    "POST /api/imports": () =>
      alpha.owner.fetch("/api/imports?name=again.csv", {
        method: "POST",
        headers: { "content-type": "text/csv" },
        body: "name,phone\nPriya Nair,+91 9812300001\n",
      }),
    "GET /api/imports/:id/rejects.csv": () => alpha.owner.fetch(`/api/imports/${beta.importId}/rejects.csv`),
    "GET /api/export/contacts.csv": () => alpha.owner.fetch("/api/export/contacts.csv"),
    "GET /api/export/calls.csv": () => alpha.owner.fetch("/api/export/calls.csv"),
    "GET /api/export/items.csv": () =>
      alpha.owner.fetch(`/api/export/items.csv?campaignId=${beta.runningId}`),
    "GET /api/export/ledger.csv": () => alpha.owner.fetch("/api/export/ledger.csv"),
    "GET /api/export/leads.csv": () => alpha.owner.fetch("/api/export/leads.csv"),
    "GET /api/export/suppressions.csv": () => alpha.owner.fetch("/api/export/suppressions.csv"),
    "POST /api/suppressions": () =>
      alpha.owner.fetch("/api/suppressions?reason=dnc", {
        method: "POST",
        headers: { "content-type": "text/csv" },
        body: "phone\n+91 9812300001\n+91 9812345678\n",
      }),
    "GET /api/calls/:id/recording": () => alpha.owner.fetch(`/api/calls/${beta.callId}/recording`),
  };
  const statuses: Partial<Record<keyof typeof routePermissions, number[]>> = {
    "POST /api/imports": [201],
    "GET /api/imports/:id/rejects.csv": [404],
    "GET /api/export/items.csv": [200, 404],
    "GET /api/calls/:id/recording": [404],
  };

  test.each(Object.keys(routePermissions) as (keyof typeof routePermissions)[])("%s", async (route) => {
    const answer = await routes[route]();
    expect(statuses[route] ?? [200]).toContain(answer.status);
    expect(traces(await answer.text())).toEqual([]);
    expect((await rowsOf(beta.userId)).get("contacts")).toEqual(before.get("contacts"));
  });

  test("a webhook that comes in by one tenant's key changes no call of another, whatever it names", async () => {
    const body = JSON.stringify({
      id: beta.executionId,
      agent_id: alpha.agentId,
      status: "failed",
      transcript: "assistant: stolen",
      context_details: { recipient_data: { call_id: beta.callId } },
      updated_at: new Date().toISOString(),
    });
    const answer = await fetch(alpha.webhookUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(answer.status).toBe(200);
    const sha = createHash("sha256").update(body).digest("hex");
    await until("it has been read", async () => {
      const { rows } = await house.db.owner.query(
        "select from webhook_events where user_id = $1 and sha256(body) = decode($2, 'hex') and status <> 'pending'",
        [alpha.userId, sha],
      );
      return rows.length === 1;
    });
    const now = await rowsOf(beta.userId);
    for (const [table, rows] of before) expect(now.get(table), table).toEqual(rows);
  });
});

test("its owner finds with the very same requests what nobody else could", async () => {
  for (const { path } of procedures()) {
    for (const { input, ends, mixed, aside } of foreignRequests[path](beta, alpha)) {
      if (ends !== "not_found" || mixed || aside) continue;
      const { body } = await beta.owner.send(path, input);
      expect(body.error?.data.code, `${path} ${JSON.stringify(input)} ${body.error?.message}`).not.toBe(
        "not_found",
      );
    }
  }
});
