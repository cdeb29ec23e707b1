import { createHash } from "node:crypto";
import { useDatabase } from "@parley/db/testing/database";
import { make } from "@parley/db/testing/make";
import { expect, test } from "vitest";

const db = useDatabase();
const sha256 = (text: string) => createHash("sha256").update(text).digest();

async function receive(sent: [key: string, body: string][]): Promise<string[]> {
  const { rows } = await db.web.pool.query(
    "select result from app.receive('bolna', $1::bytea[], $2::bytea[], $3::bytea[]) order by n",
    [
      sent.map(([key]) => sha256(key)),
      sent.map(([, body]) => sha256(body)),
      sent.map(([, body]) => Buffer.from(body)),
    ],
  );
  return rows.map(({ result }) => result);
}

test("what arrives together is judged one by one and journaled in the order it came", async () => {
  const userId = await make.user(db.owner);
  const agentId = await make.agent(db.owner, userId);
  await db.owner.query(
    "insert into agent_webhook_keys (user_id, agent_id, key_sha256, key_sealed) values ($1, $2, $3, 'sealed')",
    [userId, agentId, sha256("mine")],
  );
  expect(await receive([["mine", "z"]])).toEqual(["accepted"]);
  expect(
    await receive([
      ["mine", "y"],
      ["foreign", "y"],
      ["mine", "z"],
      ["mine", "x"],
      ["mine", "y"],
      ["mine", "\u0000 broken \ufffd"],
    ]),
  ).toEqual(["accepted", "unknown_key", "duplicate", "accepted", "duplicate", "accepted"]);
  const { rows } = await db.owner.query(
    "select convert_from(body, 'sql_ascii') as body from webhook_events where user_id = $1 and body <> $2 order by id",
    [userId, Buffer.from("\u0000 broken \ufffd")],
  );
  expect(rows.map(({ body }) => body)).toEqual(["z", "y", "x"]);
});
