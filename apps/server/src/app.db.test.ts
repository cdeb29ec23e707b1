import { expect, test } from "vitest";
import * as z from "zod";
import { permissions, roles, type Access, type Role } from "@parley/core/accounts/permissions";
import { procedures } from "@parley/core/contract";
import { appRouter } from "./router.ts";
import { refusal } from "./testing/visitor.ts";
import { useServer } from "./testing/server.ts";
import { unguarded } from "./trpc.ts";

const server = useServer();

const served = (appRouter as unknown as { _def: { procedures: Record<string, { _def: { type: string } }> } })
  ._def.procedures;
const post = (path: string, headers: Record<string, string>, body: string | FormData = "{}") =>
  fetch(`${server.url}${path}`, { method: "POST", headers, body });
const json = { "content-type": "application/json" };
const told = async (answer: Response) =>
  (await answer.json()) as { error: { message: string; data: Record<string, unknown> } };

test("every procedure served is in the permission table with its kind, and no other path is", () => {
  expect(unguarded(appRouter)).toEqual([]);
  expect(unguarded({ _def: { procedures: { "made.up": { _def: { type: "query" } } } } })).toHaveLength(1);
  expect(Object.keys(served).every((path) => path in permissions)).toBe(true);
});

test("each procedure lets in exactly the roles of the table, and says so before it reads its input", async () => {
  const them = await server.signUp();
  await server.db.owner.query("update people set is_platform_admin = false where email = $1", [them.email]);
  const ask = async (path: string, { kind }: Access, cookie: string | null) => {
    const url = `${server.url}/trpc/${path}`;
    const headers = { ...json, "x-parley-csrf": "1", ...(cookie ? { cookie } : {}) };
    // An input that no schema takes: whoever is let in is told so, whoever is not never gets there.
    const answer =
      kind === "mutation"
        ? await fetch(url, { method: "POST", headers, body: "12345" })
        : await fetch(`${url}?input=12345`, { headers });
    return ((await told(answer)).error.data as { code: string }).code;
  };
  for (const role of [...roles, null] as (Role | null)[]) {
    if (role)
      await server.db.owner.query("update members set role = $2 where id = $1", [
        them.session.member.id,
        role,
      ]);
    for (const path of Object.keys(served)) {
      const access: Access = permissions[path as keyof typeof permissions];
      if (access.kind === "subscription") continue;
      const open = access.who === "public";
      const mayEnter =
        open ||
        (role !== null &&
          (access.who === "signedIn" || roles.indexOf(role) <= roles.indexOf(access.who as Role)));
      const expected = mayEnter ? "invalid" : role ? "not_allowed" : "not_signed_in";
      expect([path, role, await ask(path, access, role ? them.cookie : null)]).toEqual([
        path,
        role,
        expected,
      ]);
    }
  }
}, 60_000);

test("a refused request carries code, request id and field paths, and nothing of the inside", async () => {
  const answer = await post(
    "/trpc/auth.signUp",
    json,
    JSON.stringify({ email: "no", password: "short", name: "" }),
  );
  const { error } = await told(answer);
  expect(answer.status).toBe(400);
  expect(error.data).toMatchObject({ code: "invalid", requestId: answer.headers.get("x-request-id") });
  expect((error.data.issues as { path: string }[]).map(({ path }) => path)).toEqual([
    "email",
    "password",
    "name",
  ]);
  expect(JSON.stringify(error)).not.toContain("stack");
});

test("a fault of ours is logged with its cause and told as one sentence", async () => {
  const asha = await server.signUp();
  await server.db.owner.query("alter table credit_entries rename to hidden_entries");
  const answer = await asha
    .fetch("/trpc/billing.ledger")
    .finally(() => server.db.owner.query("alter table hidden_entries rename to credit_entries"));
  const text = await answer.text();
  expect(answer.status).toBe(500);
  expect(text).not.toMatch(/relation|credit_entries|42P01/);
  const line = server.logged.find((logged) => logged.includes("42P01"))!;
  expect(line).toContain(answer.headers.get("x-request-id"));
});

test("a batch holds ten calls at most", async () => {
  const asha = await server.signUp();
  const batch = (size: number) =>
    asha.fetch(`/trpc/${Array.from({ length: size }, () => "auth.me").join(",")}?batch=1&input=%7B%7D`);
  expect(((await (await batch(10)).json()) as unknown[]).length).toBe(10);
  expect((await batch(11)).status).toBe(400);
});

test("no procedure runs for a form or for text, whoever sends it", async () => {
  const { cookie } = await server.signUp();
  const mine = { cookie: cookie!, "x-parley-csrf": "1" };
  expect((await post("/trpc/auth.signOut", { ...mine, "content-type": "text/plain" })).status).toBe(400);
  expect((await post("/trpc/auth.signOut", mine, new FormData())).status).toBe(400);
  expect((await fetch(`${server.url}/trpc/auth.signOut`, { method: "POST", headers: mine })).status).toBe(
    400,
  );
  expect((await post("/trpc/auth.signOut", { ...mine, ...json })).status).toBe(200);
});

test("another site cannot use the cookie: header, origin and the browser's own word are asked", async () => {
  const asha = await server.signUp();
  const mine = { cookie: asha.cookie!, ...json };
  const status = async (headers: Record<string, string>, path = "/trpc/settings.update") =>
    (await post(path, { ...mine, ...headers }, JSON.stringify({ company: "Mine" }))).status;
  const csrf = { "x-parley-csrf": "1" };
  expect(await status({})).toBe(403);
  expect(await status(csrf)).toBe(200);
  expect(await status({ ...csrf, "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await status({ ...csrf, "sec-fetch-site": "same-site" })).toBe(403);
  expect(await status({ ...csrf, "sec-fetch-site": "same-origin" })).toBe(200);
  expect(await status({ ...csrf, origin: "https://evil.example" })).toBe(403);
  expect(await status({ ...csrf, origin: server.url })).toBe(200);
  expect(await status({ ...csrf, origin: "null" })).toBe(403);
  // Uploads too: a form can send those without asking.
  expect(await status({ "content-type": "text/csv" }, "/api/imports")).toBe(403);
  const { key } = await asha.trpc.apiKeys.create.mutate({ name: "CI" });
  const program = { ...json, authorization: `Bearer ${key}` };
  expect((await post("/trpc/settings.update", program, JSON.stringify({ company: "Key" }))).status).toBe(200);
});

test("unknown fields are refused, by name", async () => {
  const asha = await server.signUp();
  const answer = await asha.fetch("/trpc/settings.update", {
    method: "POST",
    headers: json,
    body: JSON.stringify({ company: "Mine", credits: 1_000_000 }),
  });
  expect((await told(answer)).error.message).toContain("credits");
});

test("every served procedure declares the input and output of the contract", () => {
  const shapes = new Map<string, { input: z.ZodType; output: z.ZodType }>(
    procedures().map(({ path, ...shape }) => [path, shape]),
  );
  for (const [path, built] of Object.entries(served)) {
    const { inputs, output } = built._def as unknown as { inputs: unknown[]; output?: unknown };
    expect([path, inputs[0] === shapes.get(path)?.input]).toEqual([path, true]);
    if (built._def.type !== "subscription")
      expect([path, output === shapes.get(path)?.output]).toEqual([path, true]);
  }
});

test("no request without a tenant sees a tenant's row", async () => {
  await server.signUp();
  const { rows } = await server.db.web.pool.query("select id from users");
  expect(rows).toEqual([]);
});

test("addresses that are not there answer in kind: pages with the page, data with a code", async () => {
  const nothing = await fetch(`${server.url}/api/nothing`);
  expect([nothing.status, ((await nothing.json()) as { code: string }).code]).toEqual([404, "not_found"]);
  const procedure = await fetch(`${server.url}/trpc/made.up`);
  expect((await told(procedure)).error.data.code).toBe("not_found");
});

test("the policy of the page names a nonce of its own every time and allows no script but ours", async () => {
  const policyOf = async () =>
    (await fetch(`${server.url}/contacts`)).headers.get("content-security-policy") ?? "";
  const policies = [await policyOf(), await policyOf()];
  // Without a build there is no page, and so no nonce.
  if (policies[0]?.includes("nonce")) expect(policies[0]).not.toBe(policies[1]);
  expect(policies[0]).toContain("frame-ancestors 'none'");
  expect(policies[0]).not.toMatch(/unsafe|\*/);
});

test("the clock is moved only by whoever has the service secret, and never back", async () => {
  const secret = { ...json, authorization: `Bearer ${server.parts.config.keys.service}` };
  const move = (headers: Record<string, string>, body: object) =>
    post("/internal/clock", headers, JSON.stringify(body));
  expect((await move(json, { scale: 2 })).status).toBe(401);
  expect(await (await move(secret, { scale: 2 })).json()).toMatchObject({ scale: 2 });
  expect((await move(secret, { advanceTo: "2001-01-01T00:00:00Z" })).status).toBe(409);
  expect((await move(secret, { scale: 0 })).status).toBe(400);
  await move(secret, { scale: 1 });
});

test("a wrong key is nobody, not the cookie beside it", async () => {
  const asha = await server.signUp();
  const both = server.visitor({ headers: { authorization: "Bearer pk_wrong", cookie: asha.cookie! } });
  expect(await refusal(both.trpc.auth.me.query({}))).toBe("not_signed_in");
});
