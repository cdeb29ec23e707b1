import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { make } from "@parley/db/testing/make";
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { jobContext } from "../context.ts";
import { createProviders } from "../providers.ts";
import { readConfig } from "../config.ts";
import { newKey } from "@parley/db/secrets";
import { useServer } from "../testing/server.ts";
import type { SignedUp } from "../testing/visitor.ts";
import { audioKind } from "./audio.ts";
import { fetchRecording } from "./fetch-recording.ts";

const server = useServer();
let provider: Server;
let asha: SignedUp;
let callId: string;
let answer: (response: ServerResponse) => void;

const wav = Buffer.concat([Buffer.from("RIFF\x24\x08\x00\x00WAVEfmt ", "latin1"), Buffer.alloc(5_000, 7)]);

beforeAll(async () => {
  provider = createServer((_request, response) => answer(response)).listen(0, "127.0.0.1");
  await once(provider, "listening");
  asha = await server.signUp();
});
afterAll(() => void provider.close());

beforeEach(async () => {
  const userId = asha.session.user.id;
  const agentId = await make.agent(server.db.owner, userId);
  const { rows } = await server.db.owner.query<{ id: string }>(
    `insert into calls (user_id, status, direction, agent_id, provider_account_id, bolna_execution_id, phone_number, max_call_seconds, recording_status, recording_url, recording_next_at)
     select $1, 'queued', 'inbound', a.id, a.provider_account_id, gen_random_uuid()::text, '+91 9800000001', 300, 'fetching', '', app.now() from agents a where a.id = $2 returning id`,
    [userId, agentId],
  );
  callId = rows[0]!.id;
});

const copy = () => {
  const { port } = provider.address() as AddressInfo;
  const config = readConfig({
    BOLNA_API_URL: `http://127.0.0.1:${port}`,
    BOLNA_API_KEY: "bn-test",
    ENCRYPTION_KEY: newKey(),
    SERVICE_SECRET: newKey(),
    SESSION_PEPPER: newKey(),
  });
  const ctx = jobContext({ ...server.parts, providers: createProviders(config) }, asha.session.user.id);
  return fetchRecording(ctx, { callId }, new AbortController().signal);
};
const stored = async () =>
  (
    await server.db.owner.query(
      "select recording_status, recording_type, recording_bytes::int, recording_error from calls where id = $1",
      [callId],
    )
  ).rows[0];
const play = (range?: string) =>
  asha.fetch(`/api/calls/${callId}/recording`, range ? { headers: { range } } : {});

describe("a recording", () => {
  it("is copied, and served from the copy with the type that its own bytes tell, never as a page", async () => {
    answer = (response) => response.writeHead(200, { "content-type": "text/html" }).end(wav);
    await copy();
    expect(await stored()).toEqual({
      recording_status: "ready",
      recording_type: "audio/wav",
      recording_bytes: wav.length,
      recording_error: null,
    });
    answer = (response) => response.writeHead(410).end();
    const whole = await play();
    expect(Buffer.from(await whole.arrayBuffer()).equals(wav)).toBe(true);
    expect(whole.headers.get("content-type")).toBe("audio/wav");
    expect(whole.headers.get("x-content-type-options")).toBe("nosniff");
    expect(whole.headers.get("content-disposition")).toBe(`attachment; filename="call-${callId}.wav"`);
    const part = await play("bytes=4-7");
    expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes 4-7/${wav.length}`]);
    expect((await server.visitor().fetch(`/api/calls/${callId}/recording`)).status).toBe(401);
  });

  it("that is a page, a script or nothing is not kept, is not asked for again, and says why", async () => {
    for (const body of [
      "<html><script>steal()</script></html>",
      "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00",
      "",
    ]) {
      await server.db.owner.query("update calls set recording_status = 'fetching' where id = $1", [callId]);
      answer = (response) => response.writeHead(200, { "content-type": "audio/wav" }).end(body);
      await copy();
      expect(await stored()).toMatchObject({
        recording_status: "missing",
        recording_error: expect.stringMatching(/not a recording/),
      });
      const refused = await play();
      expect(refused.status).toBe(404);
      expect(await refused.text()).toMatch(
        /could not be copied.*not a recording.*Look for it at the provider/,
      );
    }
  });

  it("that says it is gigantic is not even begun", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-type": "audio/wav", "content-length": String(3 * 1024 ** 3) });
      response.write(wav);
    };
    await copy();
    expect(await stored()).toMatchObject({
      recording_status: "missing",
      recording_error: "It is larger than 200 MB.",
    });
  });

  it("that breaks off is asked for again, and nothing of it is kept", async () => {
    answer = (response) => {
      response.writeHead(200, { "content-type": "audio/wav", "content-length": String(wav.length) });
      response.write(wav.subarray(0, 1000), () => response.destroy());
    };
    await copy();
    expect(await stored()).toMatchObject({ recording_status: "fetching", recording_type: null });
    expect(await server.parts.files.size(`recordings/${asha.session.user.id}/${callId}`)).toBeNull();
  });

  it("whose link points inside our network is never fetched", async () => {
    const { port } = provider.address() as AddressInfo;
    let asked = 0;
    answer = (response) => {
      asked += 1;
      response.writeHead(302, { location: `http://localhost:${port}/metadata` }).end();
    };
    await copy();
    expect(asked).toBe(1);
    expect(await stored()).toMatchObject({
      recording_status: "fetching",
      recording_error: expect.stringMatching(/https/),
    });
  });
});

test.each([
  ["RIFF\x24\x08\x00\x00WAVEfmt ", "audio/wav"],
  ["ID3\x04\x00\x00\x00\x00\x00\x00\x00\x00", "audio/mpeg"],
  ["\xff\xfb\x90\x64\x00\x00\x00\x00\x00\x00\x00\x00", "audio/mpeg"],
  ["\xff\xf1\x50\x80\x00\x00\x00\x00\x00\x00\x00\x00", "audio/aac"],
  ["OggS\x00\x02\x00\x00\x00\x00\x00\x00", "audio/ogg"],
  ["\x00\x00\x00\x20ftypM4A ", "audio/mp4"],
  ["<!doctype html>", null],
  ["\xff\xfe<\x00h\x00t\x00m\x00l\x00", null],
  ["RIFF\x24\x08\x00\x00WEBPVP8 ", null],
])("bytes like %j are %s", (head, type) => {
  expect(audioKind(Buffer.from(head, "latin1"))).toBe(type);
});
