import { make } from "@parley/db/testing/make";
import { useDatabase } from "@parley/db/testing/database";
import { param, row, sql, type Tx } from "@parley/db";
import { expect, test } from "vitest";
import { jobContext, type Ctx, type Parts } from "../../context.ts";
import { requestOf, testParts } from "../../testing/test-parts.ts";
import { addNote } from "../../follow-ups/add-note.ts";
import { createContact } from "../create.ts";
import { listContacts } from "../list.ts";
import { updateContact } from "../update.ts";
import { commitImport } from "./commit.ts";
import { getImport, listImports } from "./get.ts";
import { openRejects } from "./rejects.ts";
import { keep, keepAlive, renew, share, spoolPath, Superseded, takeImport } from "./row.ts";
import { runImport, runImportCommit, runImportUndo } from "./run.ts";
import { setMapping } from "./set-mapping.ts";
import { tidy } from "./tidy.ts";
import { cancelImport, undoImport } from "./undo.ts";
import { listTimeline } from "../words.ts";
import { beginImport } from "./upload.ts";

const db = useDatabase();
const never = new AbortController().signal;

/** Until somebody waits for what this transaction has locked. */
async function untilAwaited(tx: Tx): Promise<void> {
  const { pid } = await row<{ pid: number }>(tx, sql`select pg_backend_pid() as pid`);
  for (;;) {
    const { rowCount } = await db.owner.query(
      "select from pg_locks where not granted and $1::int = any(pg_blocking_pids(pid))",
      [pid],
    );
    if (rowCount) return;
  }
}

type Workspace = { parts: Parts; ctx: Ctx; job: Ctx };

async function workspace(env: Record<string, string> = {}): Promise<Workspace> {
  const userId = await make.user(db.owner);
  const parts = testParts(db, env);
  return { parts, ctx: requestOf(parts, userId), job: jobContext(parts, userId) };
}

/** A file as `POST /api/imports` leaves it, before its job has run. */
async function spooled({ ctx }: Workspace, file: string | Buffer, name = "list.csv"): Promise<string> {
  const { id } = await ctx.db.tx((tx) => row<{ id: string }>(tx, sql`select app.uuid7() as id`));
  const stored = await ctx.files.put(Buffer.from(file), spoolPath(id));
  await beginImport(ctx, id, { stored, name, defaultRegion: "IN" });
  return id;
}

async function checked(its: Workspace, file: string | Buffer) {
  const importId = await spooled(its, file);
  await runImport(its.job, importId, never);
  return getImport(its.ctx, { importId });
}

async function committed(
  its: Workspace,
  file: string | Buffer,
  more: Partial<Parameters<typeof commitImport>[1]> = {},
) {
  const { id: importId } = await checked(its, file);
  await commitImport(its.ctx, { importId, ...more });
  await runImportCommit(its.job, importId, never);
  return getImport(its.ctx, { importId });
}

async function rejects({ ctx }: Workspace, importId: string): Promise<string> {
  let file = "";
  for await (const piece of await openRejects(ctx, importId)) file += piece;
  return file;
}

const everybody = async ({ ctx }: Workspace) => (await listContacts(ctx, { limit: 200, sort: "name" })).items;
const staged = async (importId: string) =>
  Number(
    (await db.owner.query("select count(*) from import_staging where import_id = $1", [importId])).rows[0]
      .count,
  );
const phone = (n: number) => `98${String(n).padStart(8, "0")}`;

test("a clean list goes straight to ready, with what was recognised, and its rows become contacts", async () => {
  const its = await workspace();
  const file =
    "Full Name,Mobile No.,E-Mail,Tags,Lead Source\nAsha Rao,98765 43210,ASHA@X.IN,vip;delhi,fair\nBen,+1 415 555 0142,,,\n";
  const ready = await checked(its, `\ufeff${file}`);
  expect(ready).toMatchObject({
    status: "ready",
    encoding: "UTF-8",
    delimiter: ",",
    headers: ["Full Name", "Mobile No.", "E-Mail", "Tags", "Lead Source"],
    mapping: {
      "Full Name": "name",
      "Mobile No.": "phone_number",
      "E-Mail": "email",
      Tags: "tags",
      "Lead Source": "custom:lead_source",
    },
    rows: 2,
    accepted: 2,
    rejected: 0,
    preview: [
      { row: 1, contact: { name: "Asha Rao", phoneNumber: "+91 9876543210", known: false }, reasons: [] },
      { row: 2 },
    ],
    progress: { stage: "ready", done: 2, total: 2 },
  });
  await commitImport(its.ctx, {
    importId: ready.id,
    tags: ["september"],
    consent: {
      channels: ["call", "whatsapp"],
      basis: "express",
      source: "fair",
      obtainedAt: "2026-09-01T00:00:00Z",
    },
  });
  await runImportCommit(its.job, ready.id, never);
  expect(await getImport(its.ctx, { importId: ready.id })).toMatchObject({
    status: "done",
    created: 2,
    updated: 0,
    tags: ["september"],
  });
  expect(await everybody(its)).toMatchObject([
    {
      name: "Asha Rao",
      email: "asha@x.in",
      tags: ["delhi", "september", "vip"],
      custom: { lead_source: "fair" },
      country: "IN",
    },
    { name: "Ben", phoneNumber: "+1 4155550142", tags: ["september"], country: "US" },
  ]);
  const { rows } = await db.owner.query(
    "select channel, basis, import_id = $2 as by_import from consents where user_id = $1",
    [its.ctx.user.id, ready.id],
  );
  expect(rows).toHaveLength(4);
  expect(rows[0]).toMatchObject({ basis: "express", by_import: true });
  expect(await staged(ready.id)).toBe(0);
  expect(await its.parts.files.size(spoolPath(ready.id))).toBeNull();
});

test("one good row among ten thousand bad ones is taken, and every bad one is given back with its reason", async () => {
  const its = await workspace();
  const lines = Array.from({ length: 10_000 }, (_, n) => (n % 2 ? `bad ${n},12` : `"bad ${n},9.19E+11`));
  lines.splice(7_000, 0, "Good One,9876543210");
  const done = await committed(its, `name,phone\n${lines.join("\n")}\n`);
  expect(done).toMatchObject({ status: "done", rows: 10_001, accepted: 1, rejected: 10_000, created: 1 });
  expect(done.reasons).toEqual({ phone_invalid: 5000, row_unreadable: 5000 });
  expect(await everybody(its)).toMatchObject([{ name: "Good One" }]);
  expect((await rejects(its, done.id)).trim().split("\r\n")).toHaveLength(10_001);
});

test("a list as the world writes it: every good row in, every bad row out with a reason, and corrected it round-trips", async () => {
  const its = await workspace();
  const good = Array.from({ length: 276 }, (_, n) => {
    const written = [`+91 ${phone(n)}`, `0${phone(n)}`, `91-${phone(n).slice(0, 5)}-${phone(n).slice(5)}`][
      n % 3
    ];
    return `"Rao; ${n}";${written};"said ""yes""\nand left"`;
  });
  const bad = [
    "No phone;;x",
    "Short;12345;x",
    "Science;9,19E+11;x",
    `Twice;${phone(0)};first one is taken`,
    `Two;${phone(300)} / ${phone(301)};x`,
    `Extension;+1 415 555 0142 ext. 7;x`,
    `Premium;+1 900 555 0142;x`,
    `${"long ".repeat(60)};${phone(302)};x`,
    `Shifted;${phone(303)};x;y;z`,
    `"Open;${phone(304)};x`,
    `"Text"after;${phone(305)};x`,
    `=cmd|' /C calc'!A0;12;x`,
    ";;",
  ];
  const rows = [...good, ...bad];
  for (let n = 0; n < rows.length; n += 1) {
    const other = (n * 37) % rows.length;
    [rows[n], rows[other]] = [rows[other]!, rows[n]!];
  }
  // The first of the two that share a number has to come first.
  const done = await committed(its, `\ufeffName;Telefon;Notizen\r\n${rows.join("\r\n")}\r\n\r\n`);
  expect(done).toMatchObject({
    status: "done",
    delimiter: ";",
    rows: 289,
    accepted: 276,
    rejected: 13,
    duplicates: 1,
    created: 276,
  });
  expect(done.reasons).toMatchObject({
    phone_missing: 1,
    phone_scientific_notation: 1,
    phone_several: 1,
    phone_extension: 1,
    phone_not_callable: 1,
    duplicate_in_file: 1,
    too_long: 1,
    too_many_cells: 1,
    row_unreadable: 2,
    empty_row: 1,
  });
  const first = (await listContacts(its.ctx, { search: phone(0) })).items[0]!;
  expect(["Rao; 0", "Twice"]).toContain(first.name);

  const file = await rejects(its, done.id);
  expect(file).toContain("Name,Telefon,Notizen,import_reason,import_help");
  expect(file).toContain("'=cmd|");
  expect(file).toMatch(/A spreadsheet turned the phone number into 9,19E\+11\./);
  const uncorrected = await checked(its, file);
  expect(uncorrected).toMatchObject({ rows: 13, accepted: 1, reasons: { phone_missing: 4 } });
  const corrected = file.replace("No phone,,", `No phone,${phone(400)},`);
  const again = await committed(its, corrected);
  expect(again).toMatchObject({ rows: 13, created: 1, mapping: { import_reason: null, import_help: null } });
  expect((await listContacts(its.ctx, { search: "No phone" })).items).toMatchObject([{ custom: {} }]);
});

test.each([
  ["UTF-16", "UTF-16LE", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")],
  ["Windows-1252", "Windows-1252", (text: string) => Buffer.from(text, "latin1")],
])("%s with tabs or pipes is read, and its letters are right", async (_, encoding, encode) => {
  const its = await workspace();
  const done = await committed(its, encode("name\tphone\tcity\r\nZoë Müller\t9876543210\tPoços\r\n"));
  expect(done).toMatchObject({ status: "done", encoding, delimiter: "\t" });
  expect(await everybody(its)).toMatchObject([{ name: "Zoë Müller", city: "Poços" }]);
  expect(await checked(its, "sep=|\nname|phone\nA|9876543211\n")).toMatchObject({
    status: "ready",
    delimiter: "|",
    rows: 1,
  });
});

test("columns nobody knows wait for a person; the mapping can be changed until the rows are committed", async () => {
  const its = await workspace();
  const file = await checked(its, `Wer,Womit,Noch\nAsha,${phone(1)},${phone(2)}\nBen,${phone(3)},x\n`);
  expect(file).toMatchObject({ status: "mapping", accepted: 0, mapping: { Wer: "custom:wer" } });
  expect(
    file.preview.map((row) => row.cells),
    "what stands in the columns, for whoever has to name them",
  ).toEqual([
    ["Asha", phone(1), phone(2)],
    ["Ben", phone(3), "x"],
  ]);
  await expect(commitImport(its.ctx, { importId: file.id })).rejects.toThrow(/phone column is not chosen/);
  await expect(setMapping(its.ctx, { importId: file.id, mapping: { Was: "name" } })).rejects.toThrow(
    /no column “Was”.*Wer, Womit/,
  );
  const set = await setMapping(its.ctx, {
    importId: file.id,
    mapping: { Wer: "name", Womit: "phone_number", Noch: null },
  });
  expect(set.status).toBe("validating");
  await expect(openRejects(its.ctx, file.id)).rejects.toThrow(/still being checked/);
  await runImport(its.job, file.id, never);
  expect(await getImport(its.ctx, { importId: file.id })).toMatchObject({
    status: "ready",
    accepted: 2,
    rejected: 0,
  });
  await setMapping(its.ctx, { importId: file.id, mapping: { Noch: "phone_number" } });
  await runImport(its.job, file.id, never);
  expect(await getImport(its.ctx, { importId: file.id })).toMatchObject({
    status: "ready",
    mapping: { Wer: "name", Womit: null, Noch: "phone_number" },
    accepted: 1,
    rejected: 1,
    reasons: { phone_invalid: 1 },
  });
  expect(await staged(file.id)).toBe(2);
});

test("a file without a header row keeps its first person and asks what the columns are", async () => {
  const its = await workspace();
  const file = await checked(its, `Asha,${phone(1)}\nBen,${phone(2)}\n`);
  expect(file).toMatchObject({
    status: "mapping",
    headers: ["Column 1", "Column 2"],
    mapping: { "Column 2": "phone_number" },
  });
  await setMapping(its.ctx, { importId: file.id, mapping: { "Column 1": "name" } });
  await runImport(its.job, file.id, never);
  expect(await getImport(its.ctx, { importId: file.id })).toMatchObject({
    status: "ready",
    rows: 2,
    accepted: 2,
  });
});

test("known contacts get what they lack and keep what they have, unless it was asked to overwrite", async () => {
  const its = await workspace();
  await createContact(its.ctx, { phoneNumber: phone(1), name: "Asha", tags: ["old"], custom: { a: "mine" } });
  const file = `name,phone,company,tags,a,b\nOther,${phone(1)},Acme,new,theirs,theirs\nNew,${phone(2)},,,,\n`;
  const filled = await committed(its, file);
  expect(filled).toMatchObject({ created: 1, updated: 1 });
  expect(filled.preview).toMatchObject([{ contact: { known: true } }, { contact: { known: false } }]);
  expect((await everybody(its))[0]).toMatchObject({
    name: "Asha",
    company: "Acme",
    tags: ["new", "old"],
    custom: { a: "mine", b: "theirs" },
  });
  await committed(its, file, { overwrite: true });
  expect((await everybody(its)).find(({ name }) => name !== "New")).toMatchObject({
    name: "Other",
    custom: { a: "theirs", b: "theirs" },
  });
});

test("an import is taken back whole while nobody has touched its people, and not afterwards", async () => {
  const its = await workspace();
  const known = await createContact(its.ctx, { phoneNumber: phone(1), name: "Asha", tags: ["old"] });
  const file = `name,phone,company\nOther,${phone(1)},Acme\nNew,${phone(2)},\nNewer,${phone(3)},\n`;
  const first = await committed(its, file, {
    tags: ["x"],
    consent: { channels: ["call"], basis: "existing", source: "crm", obtainedAt: "2026-01-01T00:00:00Z" },
  });
  expect(await everybody(its)).toHaveLength(3);
  expect(await undoImport(its.ctx, { importId: first.id })).toMatchObject({ status: "undoing" });
  await runImportUndo(its.job, first.id, never);
  expect(await getImport(its.ctx, { importId: first.id })).toMatchObject({ status: "undone" });
  const left = await everybody(its);
  expect(left).toMatchObject([{ id: known.id, name: "Asha", company: null, tags: ["old"] }]);
  const { rows } = await db.owner.query("select count(*)::int as n from consents where user_id = $1", [
    its.ctx.user.id,
  ]);
  expect(rows[0].n).toBe(0);
  await expect(undoImport(its.ctx, { importId: first.id })).rejects.toThrow(/was undone/);

  const second = await committed(its, file);
  const [, newcomer] = await everybody(its);
  await updateContact(its.ctx, { contactId: newcomer!.id, addTags: ["spoken to"] });
  await expect(undoImport(its.ctx, { importId: second.id })).rejects.toThrow(
    /“New(er)?” has been called, queued or edited/,
  );
  expect(await everybody(its)).toHaveLength(3);
});

test("who is touched after it was decided to take an import back stays as they are, and the others go", async () => {
  const its = await workspace();
  const [asha, ravi] = [
    await createContact(its.ctx, { phoneNumber: phone(1), name: "Asha" }),
    await createContact(its.ctx, { phoneNumber: phone(2), name: "Ravi" }),
  ];
  const people = [1, 2, 3, 4, 5, 6].map((n) => `P ${n},${phone(n)},Acme`);
  const { id: importId } = await committed(its, `name,phone,company\n${people.join("\n")}\n`);
  await undoImport(its.ctx, { importId });
  const made = (await everybody(its)).filter(({ id }) => id !== asha.id && id !== ravi.id);
  expect(made).toHaveLength(4);
  await updateContact(its.ctx, { contactId: ravi.id, notes: "Back on Monday" });
  await updateContact(its.ctx, { contactId: made[0]!.id, notes: "Back on Monday" });
  await committed(its, `phone,tags\n${made[1]!.phoneNumber},fair\n`);
  await runImportUndo(its.job, importId, never);
  expect(await getImport(its.ctx, { importId })).toMatchObject({ status: "undone" });
  const left = await everybody(its);
  expect(new Set(left.map(({ id }) => id))).toEqual(new Set([asha.id, ravi.id, made[0]!.id, made[1]!.id]));
  expect(left.find(({ id }) => id === asha.id)).toMatchObject({ company: null });
  expect(left.find(({ id }) => id === ravi.id)).toMatchObject({ company: "Acme" });
});

test("the history of everybody in a list begins with it, or goes on with it for those who were known", async () => {
  const its = await workspace();
  const known = await createContact(its.ctx, { phoneNumber: phone(1), name: "Asha" });
  const { id: importId } = await committed(its, `name,phone\nAsha,${phone(1)}\nNew,${phone(2)}\n`);
  const made = (await everybody(its)).find(({ name }) => name === "New")!;
  await updateContact(its.ctx, { contactId: made.id, name: "Newer" });
  const history = async (contactId: string, kinds?: string[]) =>
    (await listTimeline(its.ctx, { contactId, kinds })).items;
  const imported = { kind: "contact.imported", ref: importId };
  expect(await history(made.id, ["contact.imported"])).toMatchObject([{ ...imported, summary: { row: 2 } }]);
  expect((await history(made.id)).at(-1)).toMatchObject(imported);
  expect(await history(known.id)).toMatchObject([
    { ...imported, summary: { row: 1 } },
    { kind: "contact.created" },
  ]);
  const first = await listTimeline(its.ctx, { contactId: made.id, limit: 1 });
  expect(first.items[0]!.kind).not.toBe("contact.imported");
  const rest = await listTimeline(its.ctx, { contactId: made.id, limit: 1, cursor: first.nextCursor! });
  expect(rest).toMatchObject({ items: [imported], nextCursor: null });
});

test("a worker that is killed while checking is followed by one that goes on after its last chunk", async () => {
  const its = await workspace();
  const lines = Array.from({ length: 25_000 }, (_, n) => `P ${n},${phone(n % 24_000)}`);
  const importId = await spooled(its, `name,phone\n${lines.join("\n")}\n`);
  const stop = new AbortController();
  const killed = {
    ...its.job,
    db: { ...its.job.db, tx: afterWrites(its.job, "copy import_staging", 1, () => stop.abort()) },
  };
  await runImport(killed, importId, stop.signal);
  expect(await staged(importId)).toBe(10_000);
  expect(await getImport(its.ctx, { importId })).toMatchObject({
    status: "validating",
    progress: { done: 10_000 },
  });
  let copies = 0;
  const counting = {
    ...its.job,
    db: {
      ...its.job.db,
      tx: afterWrites(
        its.job,
        "copy import_staging",
        Infinity,
        () => {},
        () => (copies += 1),
      ),
    },
  };
  await runImport(counting, importId, never);
  expect(copies).toBe(2);
  expect(await getImport(its.ctx, { importId })).toMatchObject({
    status: "ready",
    rows: 25_000,
    accepted: 24_000,
    duplicates: 1000,
  });
});

test("a database that lost its staging in a crash is filled again from the file, before and while committing", async () => {
  const its = await workspace();
  const lines = Array.from({ length: 22_000 }, (_, n) => `P ${n},${n % 100 === 0 ? "bad" : phone(n)}`);
  const { id: importId } = await checked(its, `name,phone\n${lines.join("\n")}\n`);
  await db.owner.query("delete from import_staging where import_id = $1", [importId]);
  await commitImport(its.ctx, { importId });
  const stop = new AbortController();
  const killed = {
    ...its.job,
    db: { ...its.job.db, tx: afterWrites(its.job, "insert into contacts", 1, () => stop.abort()) },
  };
  await runImportCommit(killed, importId, stop.signal);
  expect(await getImport(its.ctx, { importId })).toMatchObject({ status: "committing", created: 19_800 });
  await db.owner.query("delete from import_staging where import_id = $1 and row_no % 3 = 0", [importId]);
  await runImportCommit(its.job, importId, never);
  expect(await getImport(its.ctx, { importId })).toMatchObject({
    status: "done",
    created: 21_780,
    updated: 0,
    rejected: 220,
  });
  expect((await listContacts(its.ctx, { limit: 1 })).total).toBe(21_780);
});

test.each([0, 1])(
  "of two chunks that go side by side chunk %i breaks: the next run commits it alone",
  async (broken) => {
    const its = await workspace();
    for (const n of [0, 10_000]) await createContact(its.ctx, { phoneNumber: phone(n) });
    const lines = Array.from({ length: 10_002 }, (_, n) => `P ${n},${phone(n)}`);
    const { id: importId } = await checked(its, `name,phone\n${lines.join("\n")}\n`);
    await commitImport(its.ctx, { importId });
    const breaks = `create function broken() returns trigger language plpgsql as $$ begin raise 'no space left'; end $$;
    create trigger broken before insert on import_chunks for each row when (new.chunk = ${broken}) execute function broken()`;
    await db.owner.query(breaks);
    await expect(runImportCommit(its.job, importId, never)).rejects.toThrow(/no space left/);
    await db.owner.query("drop trigger broken on import_chunks; drop function broken()");
    const made = (await listContacts(its.ctx, { limit: 1 })).total;
    expect(made).toBe(broken === 0 ? 3 : 10_001);
    await runImportCommit(its.job, importId, never);
    expect(await getImport(its.ctx, { importId })).toMatchObject({
      status: "done",
      created: 10_000,
      updated: 2,
      progress: { done: 10_002 },
    });
  },
);

test("a run keeps its lease however long a step takes, but not one that was taken over or let go", async () => {
  const its = await workspace();
  const importId = await spooled(its, `name,phone\nAsha,${phone(1)}\n`);
  const held = (await takeImport(its.job, importId, ["receiving"], never))!;
  const left = async () => {
    const { rows } = await db.owner.query(
      "select extract(epoch from lease_until - app.wall()) as seconds from imports where id = $1",
      [importId],
    );
    return rows[0].seconds === null ? null : Number(rows[0].seconds);
  };
  expect(await left()).toBeLessThan(30);
  const expire = () =>
    db.owner.query("update imports set lease_until = app.wall() - interval '1 second' where id = $1", [
      importId,
    ]);
  await expire();
  await renew(held);
  expect(await left()).toBeGreaterThan(10);
  await expire();
  await takeImport(its.job, importId, ["receiving"], never);
  await expire();
  await renew(held);
  expect(await left()).toBeLessThan(0);
  await db.owner.query("update imports set lease_until = null where id = $1", [importId]);
  await renew({ ...held, row: { ...held.row, epoch: held.row.epoch + 1 } });
  expect(await left()).toBeNull();
});

test("a run that has not got further for too long is told to stop, and its lease runs out; getting further counts anew", async () => {
  const its = await workspace();
  const importId = await spooled(its, `name,phone\nAsha,${phone(1)}\n`);
  const held = (await takeImport(its.job, importId, ["receiving"], never))!;
  await db.owner.query("update imports set lease_until = app.wall() where id = $1", [importId]);
  held.moved.at = performance.now() - 60_000;
  let letDie = () => {};
  await new Promise((stuck) => (letDie = keepAlive(held, stuck, [1, 60_000])));
  letDie();
  const { rows } = await db.owner.query(
    "select lease_until <= app.wall() as out from imports where id = $1",
    [importId],
  );
  expect(rows[0].out).toBe(true);

  await its.job.db.tx((tx) => keep(tx, held));
  expect(performance.now() - held.moved.at).toBeLessThan(60_000);
});

test("a lease can be renewed while a chunk is written; who takes the import over waits for the chunk", async () => {
  const its = await workspace();
  const importId = await spooled(its, `name,phone\nAsha,${phone(1)}\n`);
  const held = (await takeImport(its.job, importId, ["receiving"], never))!;
  let over: Promise<unknown> = Promise.resolve();
  await its.job.db.tx(async (tx) => {
    await share(tx, held);
    expect(await renew(held)).toBe(true);
    let taken = false;
    over = takeImport(its.job, importId, ["receiving"], never).then((row) => (taken = row !== null));
    await untilAwaited(tx);
    expect(taken).toBe(false);
  });
  expect(await over).toBe(true);
  expect(await renew(held)).toBe(false);
});

test("a run that somebody has taken over is told to stop", async () => {
  const its = await workspace();
  const importId = await spooled(its, `name,phone\nAsha,${phone(1)}\n`);
  const held = (await takeImport(its.job, importId, ["receiving"], never))!;
  await takeImport(its.job, importId, ["receiving"], never);
  const why = await new Promise<Error>((stop) => keepAlive(held, stop, [1, 60_000]));
  expect(why).toBeInstanceOf(Superseded);
});

test("what an ended import leaves behind goes, also when its process died before that", async () => {
  const its = await workspace();
  const { id: importId } = await checked(its, `name,phone\nAsha,${phone(1)}\n`);
  await commitImport(its.ctx, { importId });
  const died: Ctx = {
    ...its.job,
    files: Object.assign(Object.create(its.job.files), { remove: () => Promise.reject(new Error("killed")) }),
  };
  await expect(runImportCommit(died, importId, never)).rejects.toThrow("killed");
  expect(await getImport(its.ctx, { importId })).toMatchObject({ status: "done" });
  expect(await its.ctx.files.size(spoolPath(importId))).not.toBeNull();
  await db.owner.query("update imports set lease_until = app.wall() - interval '1 second' where id = $1", [
    importId,
  ]);
  const { rows } = await db.owner.query("select task, rung from app.sweep()");
  expect(rows).toContainEqual({ task: "contacts/tidy_import", rung: 1 });
  await tidy(its.job, importId);
  expect(await its.ctx.files.size(spoolPath(importId))).toBeNull();
  const { rows: left } = await db.owner.query(
    "select lease_until, (select count(*)::int from import_staging where import_id = $1) as staged from imports where id = $1",
    [importId],
  );
  expect(left).toEqual([{ lease_until: null, staged: 0 }]);
});

test("a note that is written while its contact is taken back is refused, or keeps the contact: none is lost", async () => {
  const its = await workspace();
  const { id: importId } = await committed(its, `name,phone\nAsha,${phone(1)}\n`);
  await undoImport(its.ctx, { importId });
  const [asha] = await everybody(its);
  let noted: Promise<"kept" | "refused"> | undefined;
  const racing: Ctx = {
    ...its.job,
    db: {
      ...its.job.db,
      tx: (work) =>
        its.job.db.tx((tx) =>
          work({
            ...tx,
            query: async (query: Parameters<typeof tx.query>[0], values?: unknown[]) => {
              const text = typeof query === "string" ? query : query.text;
              if (!noted && /delete from contacts/.test(text)) {
                noted = addNote(its.ctx, { contactId: asha!.id, body: "Call her on Monday" }).then(
                  () => "kept" as const,
                  () => "refused" as const,
                );
                await Promise.race([noted, untilAwaited(tx)]);
              }
              return tx.query(query as string, values);
            },
          } as typeof tx),
        ),
    },
  };
  await runImportUndo(racing, importId, never);
  expect(await noted).toBe("refused");
  expect(await everybody(its)).toEqual([]);
});

test("of two chunks that go side by side one breaks: what the other came to counts as progress", async () => {
  const its = await workspace();
  const lines = Array.from({ length: 10_002 }, (_, n) => `P ${n},${phone(n)}`);
  const { id: importId } = await checked(its, `name,phone\n${lines.join("\n")}\n`);
  await commitImport(its.ctx, { importId });
  await db.owner
    .query(`create function broken() returns trigger language plpgsql as $$ begin raise 'no space left'; end $$;
    create trigger broken before insert on import_chunks for each row when (new.chunk = 0) execute function broken()`);
  try {
    await expect(runImportCommit(its.job, importId, never)).rejects.toThrow(/no space left/);
  } finally {
    await db.owner.query("drop trigger broken on import_chunks; drop function broken()");
  }
  const { rows } = await db.owner.query("select tries, rows_done from imports where id = $1", [importId]);
  expect(rows[0]).toEqual({ tries: 0, rows_done: 2 });
});

test("staging that is lost while chunks are committed is filled again: no import is done with rows missing", async () => {
  const its = await workspace();
  const lines = Array.from({ length: 20_001 }, (_, n) => `P ${n},${phone(n)}`);
  const { id: importId } = await checked(its, `name,phone\n${lines.join("\n")}\n`);
  await commitImport(its.ctx, { importId });
  // as a crash leaves it: emptied after the first two chunks
  await db.owner.query(`create function lost() returns trigger language plpgsql security definer as $$ begin
      if new.rows_done > 0 then delete from import_staging where import_id = new.id; end if; return null; end $$;
    create trigger lost after update on imports for each row execute function lost()`);
  try {
    await expect(runImportCommit(its.job, importId, never)).rejects.toThrow(/lost its staging/);
  } finally {
    await db.owner.query("drop trigger lost on imports; drop function lost()");
  }
  await runImportCommit(its.job, importId, never);
  expect(await getImport(its.ctx, { importId })).toMatchObject({ status: "done", created: 20_001 });
});

test("a run that was taken over while it slept changes nothing when it wakes", async () => {
  const its = await workspace();
  const importId = await spooled(its, `name,phone\nAsha,${phone(1)}\n`);
  const zombie = (await takeImport(its.job, importId, ["receiving"], never))!;
  await runImport(its.job, importId, never);
  const before = await getImport(its.ctx, { importId });
  expect(before.status).toBe("ready");
  await expect(its.job.db.tx((tx) => keep(tx, zombie, sql`rows = ${param(99)}`))).rejects.toThrow(Superseded);
  expect(await getImport(its.ctx, { importId })).toEqual(before);
});

test.each([
  ["an empty list", "name,phone\n", /header and no rows/],
  [
    "more rows than allowed",
    `name,phone\n${Array.from({ length: 12 }, (_, n) => `P,${phone(n)}`).join("\n")}`,
    /more than 10 rows/,
  ],
  ["a damaged workbook", Buffer.from("504b0304aaaaaaaa", "hex"), /workbook is cut off/],
])("%s ends as failed with one clear sentence, and nothing stays behind", async (_, file, sentence) => {
  const its = await workspace({ MAX_IMPORT_ROWS: "10" });
  const failed = await checked(its, file);
  expect(failed).toMatchObject({ status: "failed", error: expect.stringMatching(sentence) });
  expect(await staged(failed.id)).toBe(0);
  expect(await its.parts.files.size(spoolPath(failed.id))).toBeNull();
});

test("a list with no good row cannot be committed, and says what to do", async () => {
  const its = await workspace();
  const { id: importId } = await checked(its, "name,phone\nA,1\n");
  await expect(commitImport(its.ctx, { importId })).rejects.toThrow(/Download the rejected rows/);
});

test("an import that comes to nothing again and again is given up, and what it had begun is taken back", async () => {
  const its = await workspace();
  const lines = Array.from({ length: 11_000 }, (_, n) => `P ${n},${phone(n)}`);
  const { id: importId } = await checked(its, `name,phone\n${lines.join("\n")}\n`);
  await commitImport(its.ctx, { importId });
  let chunks = 0;
  const failing = {
    ...its.job,
    db: {
      ...its.job.db,
      tx: afterWrites(
        its.job,
        "insert into contacts",
        Infinity,
        () => {},
        () => {
          chunks += 1;
          if (chunks > 1) throw new Error("disk full");
        },
      ),
    },
  };
  for (let run = 0; run < 8; run += 1) await runImportCommit(failing, importId, never).catch(() => {});
  expect(await getImport(its.ctx, { importId })).toMatchObject({ status: "undoing" });
  await runImportUndo(its.job, importId, never);
  expect(await getImport(its.ctx, { importId })).toMatchObject({
    status: "failed",
    error: expect.stringMatching(/given up/),
  });
  expect(await everybody(its)).toEqual([]);
});

test("a canceled import, and one left lying for a week, leave no file and no rows; a run that had it is fenced off", async () => {
  const its = await workspace();
  const ready = await checked(its, `name,phone\nAsha,${phone(1)}\n`);
  expect(await cancelImport(its.ctx, { importId: ready.id })).toMatchObject({ status: "undoing" });
  await runImportUndo(its.job, ready.id, never);
  expect(await getImport(its.ctx, { importId: ready.id })).toMatchObject({
    status: "failed",
    error: expect.stringMatching(/Canceled/),
  });
  expect(await staged(ready.id)).toBe(0);
  expect(await its.parts.files.size(spoolPath(ready.id))).toBeNull();
  await expect(cancelImport(its.ctx, { importId: ready.id })).rejects.toThrow(/failed/);

  const running = await spooled(its, `name,phone\nAsha,${phone(1)}\n`);
  const held = (await takeImport(its.job, running, ["receiving"], never))!;
  await cancelImport(its.ctx, { importId: running });
  await expect(its.job.db.tx((tx) => keep(tx, held))).rejects.toThrow(Superseded);

  const left = await checked(its, `name,phone\nAsha,${phone(1)}\n`);
  await db.owner.query("alter table imports disable trigger updated_at");
  await db.owner.query("update imports set updated_at = app.wall() - interval '8 days' where id = $1", [
    left.id,
  ]);
  await db.owner.query("alter table imports enable trigger updated_at");
  await db.worker.txWithoutTenant((tx) => tx.query("select app.prune()"));
  await runImportUndo(its.job, left.id, never);
  expect(await getImport(its.ctx, { importId: left.id })).toMatchObject({
    status: "failed",
    error: expect.stringMatching(/seven days/),
  });
});

test("another tenant neither sees nor changes an import, and may have the same people", async () => {
  const [ours, theirs] = [await workspace(), await workspace()];
  const file = `name,phone\nAsha,${phone(1)}\n`;
  const done = await committed(ours, file);
  await committed(theirs, file);
  expect(await everybody(theirs)).toHaveLength(1);
  for (const act of [getImport, undoImport, commitImport])
    await expect(act(theirs.ctx, { importId: done.id })).rejects.toThrow(/No such import/);
  await expect(setMapping(theirs.ctx, { importId: done.id, mapping: {} })).rejects.toThrow(/No such import/);
  await expect(openRejects(theirs.ctx, done.id)).rejects.toThrow(/No such import/);
  expect((await listImports(theirs.ctx, {})).items).toHaveLength(1);
});

/** `db.tx` that calls `then` once `times` transactions with a statement like `text` have committed; `each` before each. */
function afterWrites(
  ctx: Ctx,
  text: string,
  times: number,
  then: () => void,
  each: () => void = () => {},
): Ctx["db"]["tx"] {
  let seen = 0;
  return async (fn) => {
    let hit = false;
    const result = await ctx.db.tx((tx) => {
      const watch = (query: unknown) => {
        const sent = typeof query === "string" ? query : ((query as { text?: string }).text ?? "");
        if (!sent.includes(text)) return;
        hit = true;
        each();
      };
      const client = new Proxy(tx.client, {
        get: (real, name) =>
          name === "query"
            ? (query: never) => {
                watch(query);
                return real.query(query);
              }
            : Reflect.get(real, name),
      });
      return fn({
        ...tx,
        client,
        query: ((query: never, values?: never) => {
          watch(query);
          return tx.query(query, values);
        }) as typeof tx.query,
      });
    });
    if (hit && (seen += 1) === times) then();
    return result;
  };
}
