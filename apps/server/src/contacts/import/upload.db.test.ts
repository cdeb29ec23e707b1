import { connect } from "node:net";
import { expect, test } from "vitest";
import { jobContext } from "../../context.ts";
import { useServer } from "../../testing/server.ts";
import type { SignedUp } from "../../testing/visitor.ts";
import { runImport } from "./run.ts";

const server = useServer({ MAX_IMPORT_BYTES: String(1024 * 1024) });
const list = "name,phone\nAsha,9876543210\n";

async function send(
  them: SignedUp,
  body: RequestInit["body"],
  headers: Record<string, string> = {},
  query = "",
) {
  const answer = await them.fetch(`/api/imports${query}`, {
    method: "POST",
    body,
    headers: { "content-type": "text/csv", ...headers },
  });
  return {
    status: answer.status,
    body: (await answer.json()) as { importId?: string; message?: string; code?: string },
  };
}

const jobsOf = async (importId: string) => {
  const { rows } = await server.db.owner.query("select 1 from graphile_worker.jobs where key = $1", [
    `contacts/import:${importId}`,
  ]);
  return rows.length;
};

test("a body is kept, answered with 201 and an id, and its job is there", async () => {
  const them = await server.signUp();
  const { status, body } = await send(them, list, {}, "?name=September&defaultRegion=US");
  expect(status).toBe(201);
  const importId = body.importId!;
  expect(await jobsOf(importId)).toBe(1);
  expect(await them.trpc.imports.get.query({ importId })).toMatchObject({
    name: "September",
    status: "receiving",
    defaultRegion: "US",
    sizeBytes: list.length,
  });
  await runImport(jobContext(server.parts, them.session.user.id), importId, new AbortController().signal);
  expect(await them.trpc.imports.get.query({ importId })).toMatchObject({ status: "ready", rejected: 1 });
  const rejects = await them.fetch(`/api/imports/${importId}/rejects.csv`);
  expect(rejects.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(await rejects.text()).toMatch(
    /^name,phone,import_reason,import_help\r\nAsha,9876543210,phone_invalid,/,
  );
});

test("a form's file is taken under its own name", async () => {
  const them = await server.signUp();
  const form = new FormData();
  form.set("file", new Blob([list]), "leads.csv");
  const answer = await them.fetch("/api/imports", { method: "POST", body: form });
  expect(answer.status).toBe(201);
  const { importId } = (await answer.json()) as { importId: string };
  expect(await them.trpc.imports.get.query({ importId })).toMatchObject({ name: "leads.csv" });
  const empty = new FormData();
  empty.set("other", "x");
  const refused = await them.fetch("/api/imports", { method: "POST", body: empty });
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringMatching(/no file/)]);
});

test.each([
  ["nothing", "", /empty/],
  ["an old Excel file", Buffer.from("d0cf11e0a1b11ae1000000", "hex"), /save it as “CSV UTF-8”/],
  ["a web page named .xls", "<html><table><tr><td>name</td></tr></table></html>", /web page/],
  ["a program", Buffer.from(Array.from({ length: 600 }, (_, n) => n % 7)), /no text file/],
  ["more than is allowed", Buffer.alloc(3 * 1024 * 1024, "name,phone\n"), /larger than 1 MB/],
])("%s is refused with one clear sentence, and nothing is kept", async (_, body, sentence) => {
  const them = await server.signUp();
  const { status, body: told } = await send(them, body as never);
  expect([status, told.code]).toEqual([400, "invalid"]);
  expect(told.message).toMatch(sentence);
  expect((await them.trpc.imports.list.query({})).items).toEqual([]);
});

test("a gigantic body of unknown length is cut off once it is too large, with the sentence", async () => {
  const them = await server.signUp();
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.write(
    `POST /api/imports HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncookie: ${them.cookie}\r\nx-parley-csrf: 1\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n`,
  );
  const piece = Buffer.alloc(64 * 1024, "name,phone\n");
  const feed = () => {
    while (
      !socket.destroyed &&
      socket.write(
        Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]),
      )
    );
  };
  socket.on("drain", feed);
  feed();
  let told = "";
  await new Promise<void>((heard) =>
    socket.on("data", (data) => ((told += data.toString()), told.includes("}") && heard())),
  );
  socket.destroy();
  expect(told).toMatch(/^HTTP\/1\.1 400[^]*larger than 1 MB/);
});

test("who may not import is refused before a byte is kept; a cookie without the header too", async () => {
  const them = await server.signUp();
  await server.db.owner.query("update members set role = 'viewer' where id = $1", [them.session.member.id]);
  expect((await send(them, list)).body.code).toBe("not_allowed");
  const stranger = await fetch(`${server.url}/api/imports`, { method: "POST", body: list });
  expect(stranger.status).toBe(401);
  const forged = await fetch(`${server.url}/api/imports`, {
    method: "POST",
    body: list,
    headers: { cookie: them.cookie! },
  });
  expect(forged.status).toBe(403);
});

test("the same upload under one Idempotency-Key is one import", async () => {
  const them = await server.signUp();
  const key = { "idempotency-key": crypto.randomUUID() };
  const first = await send(them, list, key);
  expect(await send(them, list, key)).toEqual(first);
  expect(await send(them, `${list}Ben,9876543211\n`, key)).toMatchObject({ status: 409 });
  expect((await them.trpc.imports.list.query({})).items).toHaveLength(1);
});

test("an unknown region and a foreign id are refused by name", async () => {
  const [them, others] = [await server.signUp(), await server.signUp()];
  expect((await send(them, list, {}, "?defaultRegion=XX")).body.message).toMatch(/defaultRegion: XX/);
  const { body } = await send(them, list);
  const foreign = await others.fetch(`/api/imports/${body.importId}/rejects.csv`);
  expect(foreign.status).toBe(404);
  expect((await them.fetch("/api/imports/not-an-id/rejects.csv")).status).toBe(404);
});
