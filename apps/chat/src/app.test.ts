import { afterAll, describe, expect, it } from "vitest";
import { newKey } from "@parley/db/secrets";
import { signServiceToken } from "@parley/db/service-token";
import { createChat } from "./app.ts";
import { readConfig } from "./config.ts";

const secret = newKey();
const chat = await createChat({ serviceSecret: secret });
afterAll(() => chat.close());

const ask = (token?: string) =>
  chat.inject({ url: "/trpc/health", headers: token ? { authorization: `Bearer ${token}` } : {} });

describe("chat's internal door", () => {
  it("answers the server", async () => {
    const answer = await ask(signServiceToken(secret, "server", "chat"));
    expect(answer.statusCode).toBe(200);
    expect(answer.json().result.data).toEqual({ ok: true, startedAt: expect.any(String) });
  });

  it.each([
    ["nobody", undefined],
    ["a token signed with another secret", signServiceToken(newKey(), "server", "chat")],
    ["a token for the server", signServiceToken(secret, "chat", "server")],
    ["a token of a minute ago", signServiceToken(secret, "server", "chat", Date.now() - 61_000)],
    ["its own token", signServiceToken(secret, "chat", "chat")],
  ])("is shut for %s", async (_, token) => {
    const answer = await ask(token);
    expect(answer.statusCode).toBe(401);
    expect(answer.json().error.message).toContain("service token");
  });

  it("shows its health to everybody", async () => {
    expect((await chat.inject("/healthz")).json()).toEqual({ ok: true });
  });
});

describe("chat's environment", () => {
  it("names every bad variable at once", () => {
    expect(() => readConfig({ CHAT_PORT: "70000", SERVICE_SECRET: "short" })).toThrow(
      /CHAT_PORT[\s\S]*SERVICE_SECRET must be 32 bytes/,
    );
  });

  it("takes an empty variable for an absent one", () => {
    expect(readConfig({ CHAT_PORT: "", SERVICE_SECRET: secret }).port).toBe(4000);
  });
});
