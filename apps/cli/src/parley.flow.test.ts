import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useRig } from "../../server/src/testing/rig.ts";
import type { SignedUp } from "../../server/src/testing/visitor.ts";

const rig = useRig();
const home = mkdtempSync(join(tmpdir(), "parley-cli-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

type Ended = { code: number | null; out: string; err: string; json: any };

/** Runs the command as a shell would, on a pipe. */
async function parley(words: string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...words], {
    cwd: home,
    env: {
      PATH: process.env["PATH"],
      XDG_CONFIG_HOME: home,
      PARLEY_DATA_DIR: home,
      PARLEY_URL: rig.url,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (err += String(chunk)));
  const [code] = (await once(child, "close")) as [number | null];
  const last = out.trim().split("\n").at(-1) ?? "";
  return {
    code,
    out,
    err,
    json: last.startsWith("{") || last.startsWith("[") ? JSON.parse(last) : undefined,
  };
}

/** The same, and it must succeed. */
async function done(...words: string[]): Promise<Ended> {
  const ended = await parley(words);
  expect(ended, ended.err).toMatchObject({ code: 0 });
  return ended;
}

let asha: SignedUp;
beforeAll(async () => {
  asha = await rig.signUp({ company: "Asha's clinic" });
  await rig.clock({ scale: 60 });
});

describe("before anybody has signed in", () => {
  it("says how, and ends with 3", async () => {
    const { code, err } = await parley(["calls"]);
    expect(code).toBe(3);
    expect(err).toContain("parley login");
  });

  it("does not wait for an answer at a terminal that is not there", async () => {
    const { code, err } = await parley(["login"]);
    expect(code).toBe(2);
    expect(err).toContain("--email");
  });

  it("refuses a wrong password in the server's words, and ends with 3", async () => {
    const { code, err } = await parley(["login", "--email", asha.email, "--password", "not the password"]);
    expect(code).toBe(3);
    expect(err).not.toContain("at ");
  });

  it("says where nobody answers, and ends with 4", async () => {
    const nowhere = { PARLEY_URL: "http://127.0.0.1:9", PARLEY_API_KEY: "pk_x" };
    expect(await parley(["calls"], nowhere)).toMatchObject({
      code: 4,
      err: expect.stringContaining("http://127.0.0.1:9"),
    });
    expect(await parley(["doctor"], nowhere)).toMatchObject({ code: 1 });
  });
});

describe("a list of people", () => {
  const csv = [
    "Kunde;Mobil;Stadt",
    '"Rao; Priya";+91 98200 10002;Pune',
    "Sam;+91 98200 10005;Pune",
    "Old;9.19E+11;Pune",
    "Kim;+91 98200 10006;Pune",
    "Nobody;;Pune",
  ].join("\r\n");
  const file = join(home, "leads.csv");
  beforeAll(() => writeFileSync(file, `\uFEFF${csv}`));

  it("is signed in for once, with a key that only its owner can read", async () => {
    const { out } = await done("login", "--email", asha.email, "--password", asha.password);
    expect(out).toContain("Asha's clinic");
    expect(statSync(join(home, "parley/credentials.json")).mode & 0o777).toBe(0o600);
  });

  it("is checked without adding anybody", async () => {
    const { json } = await done(
      "import",
      file,
      "--map",
      "phone_number=Mobil",
      "--map",
      "name=Kunde",
      "--dry-run",
      "--json",
    );
    expect(json).toMatchObject({ status: "ready", accepted: 3, rejected: 2 });
    expect((await done("contacts", "--json")).json.items).toEqual([]);
  });

  it("is told which columns there are when one is named that is not", async () => {
    const { code, err } = await parley(["import", file, "--map", "phone_number=Telefon"]);
    expect(code).toBe(2);
    expect(err).toContain("“Mobil”");
  });

  it("becomes contacts, and a file of the rows that were not taken", async () => {
    const rejects = join(home, "bad.csv");
    const { out } = await done(
      "import",
      file,
      "--map",
      "phone_number=Mobil",
      "--map",
      "name=Kunde",
      "--tag",
      "july",
      "--rejects",
      rejects,
    );
    expect(out).toContain("3 contacts added");
    expect(out).toContain("phone missing");
    expect(readFileSync(rejects, "utf8")).toContain("9.19E+11");
    const { json } = await done("contacts", "--tag", "july", "--json");
    expect(json.items.map((each: { name: string }) => each.name).toSorted()).toEqual([
      "Kim",
      "Rao; Priya",
      "Sam",
    ]);
  });

  it("is called by a campaign that is watched to its end", async () => {
    await done("agent", "create", "--name", "Meera", "--prompt", "Sell.", "--welcome", "Hello {name}");
    const created = await done(
      "campaign",
      "create",
      "--name",
      "July",
      "--agent",
      "meera",
      "--tag",
      "july",
      "--retry",
      "max=1",
      "--json",
    );
    const started = await done("campaign", "start", "July");
    expect(started.out).toContain("July is running");
    const watched = await done("campaign", "watch", created.json.id);
    expect(watched.out).toMatch(/100 % {2}3\/3 .*1 answered/);
    expect(watched.out).toContain("Completed. 3 people");
    const { json } = await done("calls", "--campaign", "July", "--json");
    expect(json.items).toHaveLength(3);
    expect((await done("campaign", "list")).out).toContain("July");
  }, 120_000);

  it("can be asked about one by one", async () => {
    const { json } = await done("calls", "--outcome", "answered", "--json");
    const [first] = json.items;
    const page = await done("calls", first.id);
    expect(page.out).toContain("in-progress");
    expect(page.out).toContain("Rao; Priya");
    const explained = await done("explain", first.itemId);
    expect(explained.out).toContain("Nothing more is dialled for it.");
  });
});

describe("one call", () => {
  it("is placed and followed to its end", async () => {
    const { out, code } = await parley(["call", "+91 98200 20003", "--agent", "Meera", "--watch"]);
    expect(code).toBe(0);
    expect(out).toMatch(/Outcome +answered/);
    expect(out).toContain("user:");
  }, 60_000);

  it("to a number that is none is refused by the field's name", async () => {
    const { code, err } = await parley(["call", "12", "--agent", "Meera"]);
    expect(code).toBe(1);
    expect(err).toMatch(/phone/i);
  });

  it("by an agent that does not exist says who there is", async () => {
    const { err } = await parley(["call", "+91 98200 20003", "--agent", "Mira"]);
    expect(err).toContain("“Meera”");
  });
});

describe("afterwards", () => {
  it("takes and gives lists of numbers not to be contacted, and one at a time", async () => {
    const list = join(home, "register.csv");
    writeFileSync(list, "Mobile,Reason\n98200 30001,DND\n98200 30002,complaint\n12,\n");
    const taken = await done("suppressions", "import", list);
    expect(taken.out).toContain("2 numbers added");
    expect(taken.out).toMatch(/row 4 +12/);
    expect((await done("suppress", "+91 98200 30003", "--reason", "asked")).out).toContain(
      "Nobody is called",
    );
    const saved = join(home, "out.csv");
    await done("suppressions", "export", saved);
    expect(readFileSync(saved, "utf8")).toMatch(/\+91 9820030001,dnc[\s\S]*\+91 9820030003,asked/);
    expect((await parley(["suppress", "12"])).code).toBe(1);
  });

  it("lists, moves and closes what is left to do", async () => {
    const contact = await asha.trpc.contacts.create.mutate({ phoneNumber: "+91 98200 30009", name: "Ravi" });
    const { id } = await asha.trpc.tasks.create.mutate({
      contactId: contact.id,
      kind: "callback",
      dueAt: "2090-01-05T10:00:00Z",
    });
    expect((await done("tasks")).out).toMatch(/Call back Ravi.*Asha/);
    expect((await done("task", "move", id, "2090-01-06T10:00:00Z", "--json")).json).toMatchObject({
      dueAt: "2090-01-06T10:00:00.000Z",
    });
    expect((await done("task", "done", id, "--note", "bought")).out).toContain("done");
  });

  it("calls some of an ended campaign again, and puts campaigns away", async () => {
    const agentId = (await asha.trpc.agents.list.query({})).items[0]!.id;
    const contact = await asha.trpc.contacts.create.mutate({ phoneNumber: "+91 98200 30019" });
    await asha.trpc.campaigns.create.mutate({
      name: "Away",
      agentId,
      audience: { contactIds: [contact.id] },
    });
    expect((await done("campaign", "archive", "Away")).out).toContain("Away is archived.");
    const refused = await parley(["campaign", "redial", "Away"]);
    expect(refused.code).not.toBe(0);
    const ended = (await asha.trpc.campaigns.list.query({ status: "completed" })).items[0];
    if (!ended) throw new Error("a campaign had ended further up");
    const again = await parley([
      "campaign",
      "redial",
      ended.id,
      "--status",
      "completed",
      "--name",
      "Again",
      "--json",
    ]);
    expect(again.json, again.err).toMatchObject({
      name: "Again",
      status: "draft",
      people: expect.any(Number),
    });
  });
});

describe("an operator", () => {
  it("sees the queue, asks in SQL, and has everything examined", async () => {
    const view = await done("queue", "slots_now", "--json");
    expect(view.json.columns.length).toBeGreaterThan(1);
    const asked = await done("sql", "select 1 as one, 'two' as two");
    expect(asked.out).toMatch(/one +two\n1 +two/);
    const refused = await parley(["sql", "delete from ops.queue_now"]);
    expect(refused.code).toBe(1);
    const { json } = await parley(["doctor", "--json"]);
    expect(json.checks.map((each: { name: string }) => each.name)).toEqual(
      expect.arrayContaining(["server", "database", "analysis", "voice provider"]),
    );
  });

  it("replays webhooks, and stops everything", async () => {
    const { json } = await done("webhooks", "list", "--limit", "1", "--json");
    expect(await done("webhooks", "replay", String(json.items[0].id))).toMatchObject({
      out: "1 webhook folded again.\n",
    });
    expect((await done("stop-all", "--json")).json).toEqual({ paused: 0, inAir: expect.any(Number) });
    expect((await done("stop-all", "--platform")).out).toContain("Nothing is dialled any more.");
    expect((await done("stop-all", "--platform", "--release")).out).toContain("Dialling goes on.");
  });

  it("grants and resets with the owner's login alone", async () => {
    const bela = await rig.signUp();
    const env = { DATABASE_URL: rig.db.urls.owner };
    expect(await parley(["admin", "grant", bela.email], env)).toMatchObject({
      code: 0,
      out: expect.stringContaining(bela.email),
    });
    const { json } = await parley(["admin", "reset-password", bela.email, "--json"], {
      ...env,
      PUBLIC_URL: rig.url,
    });
    expect(json.link).toContain(`${rig.url}/reset-password/`);
    expect((await parley(["admin", "grant", "nobody@example.com"], env)).code).toBe(1);
  });

  it("signs out, and the key is worth nothing any more", async () => {
    await done("logout");
    expect((await parley(["calls"])).code).toBe(3);
  });
});
