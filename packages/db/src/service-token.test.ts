import { describe, expect, it } from "vitest";
import { newKey } from "./secrets.ts";
import { readServiceToken, signServiceToken } from "./service-token.ts";

const secret = newKey();
const at = Date.parse("2026-07-16T09:00:00Z");
const token = signServiceToken(secret, "server", "chat", at);

describe("a service token", () => {
  it("tells the service it is meant for who sent it", () => {
    expect(readServiceToken(secret, token, "chat", at)).toBe("server");
    expect(readServiceToken(secret, token, "chat", at + 59_000)).toBe("server");
  });

  it("is worth nothing after a minute", () => {
    expect(readServiceToken(secret, token, "chat", at + 60_000)).toBeNull();
  });

  it("is worth nothing at another service", () => {
    expect(readServiceToken(secret, token, "server", at)).toBeNull();
  });

  it("cannot be made without the secret", () => {
    expect(readServiceToken(newKey(), token, "chat", at)).toBeNull();
  });

  it.each([
    ["its sender is changed", token.replace(/^server/, "chat")],
    ["its expiry is moved", token.replace(/\.(\d+)\./, (_, expiry) => `.${Number(expiry) + 30}.`)],
    ["its signature is cut", token.slice(0, -1)],
    ["it is empty", ""],
    ["it is a bearer token of another kind", "pk_0123456789"],
  ])("is refused when %s", (_, forged) => {
    expect(readServiceToken(secret, forged, "chat", at)).toBeNull();
  });
});
