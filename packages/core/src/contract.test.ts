import { describe, expect, test } from "vitest";
import * as z from "zod";
import { permissions } from "./accounts/permissions.ts";
import { procedures } from "./contract.ts";
import { importStatuses } from "./imports/status.ts";

const id = "0190f7e2-7c1b-7f00-8000-000000000001";

/** Inputs as somebody with `fetch` and the outer contract would write them. */
const samples: [string, unknown][] = [
  ["auth.signUp", { email: " Asha@Clinic.Example ", password: "correct horse", name: "Asha" }],
  [
    "auth.signUp",
    {
      email: "a@b.co",
      password: "correct horse",
      name: "Asha",
      company: "Clinic",
      timeZone: "Asia/Kolkata",
      defaultRegion: "IN",
    },
  ],
  ["auth.signIn", { email: "a@b.co", password: "x" }],
  ["auth.me", {}],
  ["apiKeys.create", { name: "night job" }],
  ["agents.create", { name: "Asha", prompt: "Book visits.", welcomeMessage: "Hello" }],
  [
    "agents.create",
    {
      name: "A",
      prompt: "p",
      welcomeMessage: "w",
      disclosure: "A machine speaks.",
      language: "hi",
      voice: "Meera",
      maxCallSeconds: 120,
      extraction: [{ key: "budget", description: "What they would spend" }],
    },
  ],
  [
    "imports.setMapping",
    { importId: id, mapping: { Mobile: "phone_number", Plan: "custom:plan", Junk: null } },
  ],
  [
    "imports.commit",
    {
      importId: id,
      tags: ["july"],
      consent: {
        channels: ["call"],
        basis: "express",
        source: "web form",
        obtainedAt: "2026-07-01T10:00:00+05:30",
      },
    },
  ],
  [
    "contacts.list",
    {
      search: "asha",
      filter: { q: "a", tags: ["solar"], stage: "new", temperature: "hot", importId: id, suppressed: false },
      sort: "-createdAt",
      limit: 50,
    },
  ],
  ["contacts.list", {}],
  [
    "contacts.create",
    {
      phoneNumber: "+91 9876540001",
      name: "Asha",
      consent: {
        channels: ["voice", "whatsapp"],
        basis: "written",
        source: "paper",
        obtainedAt: "2026-07-01T10:00:00Z",
        evidence: "scan 12",
      },
    },
  ],
  ["campaigns.create", { name: "July", agentId: id, audience: { importId: id } }],
  [
    "campaigns.create",
    {
      name: "July",
      agentId: id,
      audience: { contactIds: [id] },
      fromNumber: "+91 2041234567",
      window: { days: ["mon", "sun"], open: "22:00", close: "02:00", holidays: ["2026-08-15"] },
      retry: { maxAttempts: 3, busy: [0.05], noAnswer: [], failed: [60], voicemail: [10] },
      maxConcurrent: 5,
      callsPerSecond: 0.5,
      budgetCredits: 1000,
      startsAt: "2026-07-16T09:00:00Z",
      endsAt: "2026-07-30T09:00:00Z",
    },
  ],
  ["campaigns.progress", { campaignId: id }],
  ["campaigns.items", { campaignId: id, status: "pending", cursor: null }],
  ["campaigns.explain", { itemId: id }],
  ["calls.place", { contactId: id, agentId: id }],
  ["calls.place", { phoneNumber: "+919876540001", agentId: id, fromNumber: "+91 2041234567" }],
  ["calls.list", { itemId: id, status: "completed", outcome: "answered", limit: 10 }],
  ["billing.ledger", {}],
  ["admin.setLimits", { userId: id, concurrentLimit: 5 }],
  ["admin.setLimits", { systemLimit: 50 }],
  ["admin.grantCredits", { userId: id, credits: 500, reason: "welcome" }],
  ["admin.pauseDialling", {}],
  ["ops.query", { view: "queue_now", limit: 20 }],
  ["ops.sql", { text: "select * from ops.stuck" }],
  ["webhooks.replay", { callId: id }],
];

describe("every procedure", () => {
  test("refuses a key it does not know: nobody slips in a tenant, a role or credits", () => {
    for (const { path, input } of procedures()) {
      const parsed = input.safeParse({ userId2: id, role2: "owner" });
      const codes = JSON.stringify(parsed.error?.issues);
      expect(codes, path).toContain("unrecognized_keys");
    }
  });

  test("has outputs that can be declared and are plain JSON", () => {
    for (const { path, output } of procedures()) {
      expect(() => z.toJSONSchema(output, { unrepresentable: "throw" }), path).not.toThrow();
    }
  });

  test("that is a query takes nothing large", () => {
    for (const { path, input } of procedures()) {
      if (permissions[path].kind !== "query") continue;
      expect(input.safeParse({ cursor: "x".repeat(10_000) }).success, path).toBe(false);
    }
  });
});

describe("the inputs that outside programs send", () => {
  test.each(samples)("%s takes %j", (path, value) => {
    const procedure = procedures().find((each) => each.path === path);
    expect(procedure?.input.safeParse(value).error).toBeUndefined();
  });

  test("a call goes to a contact or to a number, not to both or neither", () => {
    const place = procedures().find(({ path }) => path === "calls.place")!.input;
    expect(place.safeParse({ agentId: id }).success).toBe(false);
    expect(place.safeParse({ agentId: id, contactId: id, phoneNumber: "+91 9876540001" }).success).toBe(
      false,
    );
  });

  test("limits name the tenant they are for", () => {
    const limits = procedures().find(({ path }) => path === "admin.setLimits")!.input;
    expect(limits.safeParse({ concurrentLimit: 3 }).success).toBe(false);
    expect(limits.safeParse({}).success).toBe(false);
  });
});

test("an import's statuses begin with the ones the contract promises", () => {
  expect(importStatuses.slice(0, 7)).toEqual([
    "receiving",
    "mapping",
    "validating",
    "ready",
    "committing",
    "done",
    "failed",
  ]);
});
