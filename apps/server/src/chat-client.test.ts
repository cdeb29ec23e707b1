import { afterAll, expect, it } from "vitest";
import { createChat } from "@parley/chat/app";
import { newKey } from "@parley/db/secrets";
import { ChatClient } from "./chat-client.ts";

const serviceSecret = newKey();
const chat = await createChat({ serviceSecret });
const url = await chat.listen({ port: 0, host: "127.0.0.1" });
afterAll(() => chat.close());

it("hears that chat is there", async () => {
  expect(await new ChatClient({ url, serviceSecret }).health()).toMatchObject({ ok: true });
});

it("is told when the two do not share a secret", async () => {
  const stranger = new ChatClient({ url, serviceSecret: newKey() });
  expect(await stranger.health()).toEqual({ ok: false, reason: "Chat does not accept our service token." });
});

it("says so when nobody answers", async () => {
  const alone = new ChatClient({ url: "http://127.0.0.1:9", serviceSecret });
  expect(await alone.health()).toEqual({ ok: false, reason: "Chat does not answer." });
});
