import { createReadStream, createWriteStream, mkdtempSync, openAsBlob, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { freePort } from "@parley/db/embedded";
import { signUp, type SignedUp } from "../apps/server/src/testing/visitor.ts";
import { agreedEnv, Program, watchMemory } from "../chaos/programs.ts";
import type { Bench } from "./bench.ts";
import { interleaved, milliseconds, perSecond, type Figure } from "./figure.ts";

/**
 * A list from file to contacts through the front door: upload, mapping, every row checked and its phone understood,
 * rejects written, committed. The floor copies the same columns into an unlogged table and inserts them into contacts
 * with one statement, and understands nothing.
 */
export async function importFigures(bench: Bench): Promise<Figure[]> {
  const rows = bench.quick ? 10_000 : 100_000;
  const home = mkdtempSync(join(tmpdir(), "parley-bench-"));
  const database = await bench.database();
  const owner = new pg.Client({ connectionString: database.superUrl });
  owner.on("error", () => {});
  await owner.connect();
  const programs: Program[] = [];
  try {
    const file = join(home, "people.csv");
    await writePeople(file, rows);
    const port = await freePort();
    const env = { ...agreedEnv(home, database.loginUrls), PORT: String(port) };
    const start = (role: string) => {
      const program = Program.start(role, { app: "server", env: { ...env, PARLEY_ROLE: role } });
      programs.push(program);
      return program;
    };
    const [http, worker] = [start("http"), start("worker")];
    const url = `http://127.0.0.1:${port}`;
    await http.answers(`${url}/readyz`);
    const memory = { http: watchMemory(http), worker: watchMemory(worker) };
    const took = await interleaved(bench.quick ? 2 : 3, {
      ours: async () => {
        const visitor = await signUp(url);
        return milliseconds(() => importFile(visitor, file, rows));
      },
      floor: () => copyAndInsert(owner, file),
    });
    const rate = (name: keyof typeof took) => rows / (took[name] / 1000);
    const megabytes = (name: keyof typeof memory) => Math.round(memory[name].stop() / 2 ** 20);
    const most = { http: megabytes("http"), worker: megabytes("worker") };
    return [
      {
        name: `import of ${rows.toLocaleString("en")} rows, file to contacts ÷ COPY + one INSERT`,
        ours: `${perSecond(rate("ours"))} rows`,
        floor: `${perSecond(rate("floor"))} rows`,
        ratio: rate("ours") / rate("floor"),
        goal: { least: 0.12 },
      },
      {
        name: "… and the most memory a process held, looked up every 100 ms (goal 400 MB)",
        ours: `http ${most.http} MB, worker ${most.worker} MB`,
        floor: "400 MB",
        ratio: Math.max(most.http, most.worker) / 400,
        goal: { most: 1 },
      },
    ];
  } finally {
    await Promise.all(programs.map((program) => program.kill("SIGTERM")));
    await owner.end();
    await database.drop();
    rmSync(home, { recursive: true });
  }
}

async function importFile(visitor: SignedUp, file: string, rows: number): Promise<void> {
  const answer = await visitor.fetch("/api/imports?name=people.csv&defaultRegion=IN", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: await openAsBlob(file),
  });
  if (!answer.ok) throw new Error(`The upload was refused: ${await answer.text()}`);
  const { importId } = (await answer.json()) as { importId: string };
  await reaches(visitor, importId, "ready");
  await visitor.trpc.imports.commit.mutate({ importId });
  const done = await reaches(visitor, importId, "done");
  if (done.created !== rows) throw new Error(`${done.created} of ${rows} rows became contacts.`);
}

async function reaches(visitor: SignedUp, importId: string, status: "ready" | "done") {
  for (;;) {
    const now = await visitor.trpc.imports.get.query({ importId });
    if (now.status === status) return now;
    if (now.status === "failed" || now.status === "mapping")
      throw new Error(`The import ended ${now.status}: ${now.error}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

async function copyAndInsert(owner: pg.Client, file: string): Promise<number> {
  await owner.query(`
    drop table if exists people_floor;
    create unlogged table people_floor (name text, phone text, email text, company text, city text, notes text)`);
  const { rows } = await owner.query(
    "insert into users (company, email) values ('Floor', app.uuid7() || '@example.com') returning id",
  );
  return milliseconds(async () => {
    await pipeline(createReadStream(file), owner.query(copyFrom("copy people_floor from stdin csv header")));
    await owner.query(
      `insert into contacts (user_id, name, phone_number, email, company, city, notes, country, zones)
       select $1, name, phone, email, company, city, notes, 'IN', '{Asia/Kolkata}' from people_floor`,
      [rows[0].id],
    );
  });
}

/** People with commas and quotes in them; the phone stands in the canonical form, so that the floor can take it as it is. */
async function writePeople(file: string, rows: number): Promise<void> {
  const out = createWriteStream(file);
  out.write("name,phone_number,email,company,city,notes\n");
  for (let n = 0; n < rows; n++) {
    const line = `Person ${n},+91 ${9_000_000_000 + n * 7},person${n}@example.com,"Rao & Sons, ${n % 977}",Chennai,"Said ""call after ${n % 12}"", likes tea"\n`;
    if (!out.write(line)) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
}
