import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  artefactNames,
  callStatuses,
  claimedCall,
  foldEvent,
  foldEvents,
  isOpen,
  isSighting,
  isTerminal,
  isWaiting,
  neverBegan,
  statusRank,
  supersedes,
  terminalStatuses,
  waitingStatuses,
} from "./lifecycle.ts";
import type { CallEvent, CallFacts, CallStatus } from "./lifecycle.ts";

const began = "2026-07-16T09:00:00.000Z";
const after = (seconds: number) => new Date(Date.parse(began) + seconds * 1000).toISOString();

const partial = "assistant: Hello, this is Asha.\nuser: Yes, tell me more please";
const final = `${partial}\nassistant: Thursday at four?\nuser: Thursday at four is fine`;

/** The five webhooks of a call that somebody picks up, in the order of their making. */
const five: CallEvent[] = [
  { status: "initiated", at: after(1), conversationSeconds: 0 },
  { status: "ringing", at: after(3), conversationSeconds: 0 },
  { status: "in-progress", at: after(9) },
  {
    status: "call-disconnected",
    at: after(70),
    transcript: partial,
    conversationSeconds: 59.2,
    recordingUrl: "",
    providerCostCents: 6.66,
  },
  {
    status: "completed",
    at: after(90),
    transcript: final,
    conversationSeconds: 60.4,
    recordingUrl: "https://r/1",
    providerCostCents: 22.99,
    hangupBy: "user",
  },
];

function orders<Item>(items: readonly Item[]): Item[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, at) =>
    orders([...items.slice(0, at), ...items.slice(at + 1)]).map((rest) => [item, ...rest]),
  );
}

describe("the ranks", () => {
  test("stand in the order of a call's life, all ends on one level", () => {
    const path: CallStatus[] = [
      "claimed",
      "dialing",
      "unknown",
      "queued",
      "initiated",
      "ringing",
      "in-progress",
      "call-disconnected",
      "completed",
    ];
    expect(path.map((status) => statusRank[status])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...terminalStatuses].toSorted()).toEqual([
      "balance-low",
      "busy",
      "canceled",
      "completed",
      "error",
      "failed",
      "no-answer",
      "not-placed",
      "stopped",
    ]);
    expect([...waitingStatuses].toSorted()).toEqual(["prepared", "queued", "rescheduled", "scheduled"]);
    expect(callStatuses.filter(isTerminal)).toEqual(terminalStatuses);
    expect(callStatuses.filter(isWaiting)).toEqual(waitingStatuses);
  });

  test("let no pair of different statuses replace each other both ways, and one of the two always wins", () => {
    for (const a of callStatuses) {
      for (const b of callStatuses) {
        if (a !== b)
          expect([supersedes(a, b), supersedes(b, a)].filter(Boolean), `${a} and ${b}`).toHaveLength(1);
        else expect(supersedes(a, b)).toBe(false);
      }
    }
  });

  test("never fall, but from not-placed, which any sighting proves wrong", () => {
    for (const from of callStatuses) {
      for (const to of callStatuses) {
        if (from === "not-placed") expect(supersedes(to, from)).toBe(isSighting(to));
        else if (supersedes(to, from)) expect(statusRank[to]).toBeGreaterThanOrEqual(statusRank[from]);
      }
    }
    expect(supersedes("not-placed", "unknown")).toBe(true);
    expect(supersedes("not-placed", "ringing")).toBe(false);
  });
});

describe("two ends of one call", () => {
  const ends = terminalStatuses.filter((status) => status !== "not-placed");

  test("that contradict each other: the provider's own record decides, in every order", () => {
    for (const record of ends)
      for (const heard of ends) {
        const news: CallEvent[] = [
          { status: record, at: after(1), verified: true },
          { status: heard, at: after(2) },
        ];
        for (const order of orders(news))
          expect(foldEvents(claimedCall(began), order).facts.status, `${record}, ${heard}`).toBe(record);
      }
  });

  test("do not undo each other when nothing was re-read: one wins in every order", () => {
    for (const [a, b] of ends.flatMap((one) => ends.map((other) => [one, other] as const))) {
      const [first, second] = orders([a, b].map((status): CallEvent => ({ status, at: after(1) }))).map(
        (order) => foldEvents(claimedCall(began), order).facts.status,
      );
      expect(first).toBe(second);
    }
  });
});

test("a call that was taken back never began only if no phone rang and nothing was said or charged", () => {
  const back = foldEvents(claimedCall(began), [
    { status: "queued", at: after(1) },
    { status: "stopped", at: after(9) },
  ]).facts;
  expect(neverBegan(back)).toBe(true);
  expect(neverBegan({ ...back, status: "canceled" })).toBe(true);
  expect(neverBegan({ ...back, status: "no-answer" })).toBe(false);
  expect(neverBegan({ ...back, stages: { ...back.stages, initiated: after(2) } })).toBe(false);
  for (const began of [{ transcript: "user: hi" }, { conversationSeconds: 2 }, { providerCostCents: 0.5 }])
    expect(neverBegan({ ...back, ...began })).toBe(false);
});

describe("the fold", () => {
  const once = foldEvents(claimedCall(began), five);

  test("takes a call through its five stages", () => {
    expect(once.facts).toMatchObject({
      status: "completed",
      transcript: final,
      conversationSeconds: 60.4,
      recordingUrl: "https://r/1",
      providerCostCents: 22.99,
      hangupBy: "user",
      endedAt: after(70),
      endedBy: "provider",
      stages: {
        claimed: began,
        initiated: after(1),
        ringing: after(3),
        "in-progress": after(9),
        "call-disconnected": after(70),
        completed: after(90),
      },
    });
    expect(once.effects).toEqual([
      "answered",
      "disconnected",
      "slot_freed",
      "analyse",
      "verify",
      "fetch_recording",
    ]);
  });

  test("gives the same row for all 120 orders of the five webhooks, each of them doubled", () => {
    for (const order of orders(five)) {
      expect(foldEvents(claimedCall(began), order).facts).toEqual(once.facts);
      expect(
        foldEvents(
          claimedCall(began),
          order.flatMap((event) => [event, event]),
        ).facts,
      ).toEqual(once.facts);
      expect(foldEvents(claimedCall(began), [...order, ...order.toReversed()]).facts).toEqual(once.facts);
    }
  });

  test("gives the same row where the sources are not stored", () => {
    const forgetful = (call: CallFacts, event: CallEvent) => ({
      ...foldEvent(call, event).facts,
      sources: {},
    });
    for (const order of orders(five)) {
      const doubled = order.flatMap((event) => [event, event]);
      expect(doubled.reduce(forgetful, claimedCall(began))).toEqual({ ...once.facts, sources: {} });
    }
  });

  test("asks for a fresh transcript to be read, and not for the one it has", () => {
    const effects = five
      .concat(five)
      .map(
        (event, at, all) => foldEvent(foldEvents(claimedCall(began), all.slice(0, at)).facts, event).effects,
      );
    expect(effects.flat().filter((effect) => effect === "analyse")).toHaveLength(2);
    expect(effects.flat().filter((effect) => effect === "slot_freed")).toHaveLength(1);
    expect(effects.flat().filter((effect) => effect === "verify")).toHaveLength(1);
  });

  const word = fc.constantFrom(...callStatuses.filter(isSighting));
  const event: fc.Arbitrary<CallEvent> = fc.record(
    {
      status: fc.oneof(
        { weight: 9, arbitrary: word },
        { weight: 1, arbitrary: fc.constantFrom(null, "teleported", "claimed") },
      ),
      at: fc.integer({ min: -5, max: 40 }).map(after),
      verified: fc.boolean(),
      transcript: fc.constantFrom(null, "", " ", "user: a", "user: b", "user: a longer one"),
      conversationSeconds: fc.constantFrom(null, 0, 3.2, 61),
      recordingUrl: fc.constantFrom(null, "", "https://r/1", "https://r/2"),
      answeredByVoicemail: fc.constantFrom(null, true, false),
      hangupReason: fc.constantFrom(null, "", "user hung up", "silence"),
    },
    { requiredKeys: ["status", "at"] },
  );
  const start = fc
    .constantFrom<CallStatus>("claimed", "dialing", "unknown", "not-placed")
    .map((status): CallFacts => {
      const call = { ...claimedCall(began), status };
      return status === "not-placed" ? { ...call, endedAt: after(2), endedBy: "clock" } : call;
    });

  test("commutes for any events, in any number of copies", () => {
    fc.assert(
      fc.property(
        start,
        fc
          .array(event, { maxLength: 8 })
          .chain((events) =>
            fc.tuple(
              fc.constant(events),
              fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
            ),
          ),
        (call, [events, shuffled]) => {
          const [one, two] = [foldEvents(call, events), foldEvents(call, shuffled)];
          expect(two.facts).toEqual(one.facts);
          // these two ask for news that is still missing, so they depend on what came before
          const settled = (effects: string[]) =>
            effects.filter((effect) => !["disconnected", "verify"].includes(effect));
          expect(settled(two.effects).toSorted()).toEqual(settled(one.effects).toSorted());
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("never lets a rank fall, erases nothing, and writes only what it says it changed", () => {
    fc.assert(
      fc.property(start, fc.array(event, { maxLength: 8 }), (call, events) => {
        let before = call;
        for (const next of events) {
          const { facts, changes } = foldEvent(before, next);
          expect(facts).toEqual({ ...before, ...changes });
          if (before.status !== "not-placed") {
            expect(statusRank[facts.status]).toBeGreaterThanOrEqual(statusRank[before.status]);
            if (before.endedAt) expect(facts.endedAt).not.toBeNull();
          }
          for (const name of artefactNames) if (before[name] !== null) expect(facts[name]).not.toBeNull();
          if (isTerminal(facts.status)) expect(isOpen(facts)).toBe(false);
          before = facts;
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("frees the line at the disconnect, before the final word", () => {
    const { facts, effects } = foldEvents(claimedCall(began), five.slice(0, 4));
    expect(facts).toMatchObject({ status: "call-disconnected", endedAt: after(70) });
    expect(effects).toContain("slot_freed");
    expect(effects).not.toContain("verify");
  });

  test("adopts a call that was thought not placed, and says so", () => {
    const gone: CallFacts = {
      ...claimedCall(began),
      status: "not-placed",
      endedAt: after(200),
      endedBy: "clock",
    };
    const { facts, effects } = foldEvent(gone, { status: "ringing", at: after(220) });
    expect(facts).toMatchObject({ status: "ringing", endedAt: null });
    expect(effects).toContain("sighted");
    expect(foldEvent(gone, { status: "claimed", at: after(220) }).facts.status).toBe("not-placed");
  });

  test("keeps a line that our clock has freed free", () => {
    const stale: CallFacts = {
      ...claimedCall(began),
      status: "in-progress",
      endedAt: after(600),
      endedBy: "clock",
    };
    const { facts, effects } = foldEvent(stale, {
      status: "completed",
      at: after(599),
      conversationSeconds: 20,
    });
    expect(facts).toMatchObject({ status: "completed", endedAt: after(600), endedBy: "clock" });
    expect(effects).toEqual(["verify"]);
  });

  test("does not ask to verify what was read at the provider itself", () => {
    expect(foldEvent(claimedCall(began), { status: "busy", at: after(8), verified: true }).effects).toEqual([
      "slot_freed",
    ]);
  });

  test("meets a word it does not know with an alert and no change of status", () => {
    const { facts, effects } = foldEvent(claimedCall(began), {
      status: "transferring",
      at: after(5),
      transcript: "user: hi",
    });
    expect(facts.status).toBe("claimed");
    expect(facts.transcript).toBe("user: hi");
    expect(effects).toEqual(["unknown_word", "analyse"]);
    expect(
      foldEvent(facts, { status: "call-disconnected", at: after(9), transcript: "user: bye" }).facts
        .transcript,
    ).toBe("user: bye");
  });

  test("lets a re-read outweigh a webhook of the same rank, and a final word outweigh any partial one", () => {
    const webhook = foldEvent(claimedCall(began), {
      status: "completed",
      at: after(90),
      conversationSeconds: 999,
    }).facts;
    expect(
      foldEvent(webhook, { status: "completed", at: after(80), conversationSeconds: 60, verified: true })
        .facts.conversationSeconds,
    ).toBe(60);
    expect(
      foldEvent(webhook, {
        status: "call-disconnected",
        at: after(99),
        conversationSeconds: 12,
        verified: true,
      }).facts.conversationSeconds,
    ).toBe(999);
  });

  test("takes 0 seconds as a figure only once the call is over", () => {
    expect(
      foldEvent(claimedCall(began), { status: "ringing", at: after(3), conversationSeconds: 0 }).facts
        .conversationSeconds,
    ).toBeNull();
    expect(
      foldEvent(claimedCall(began), { status: "no-answer", at: after(3), conversationSeconds: 0 }).facts
        .conversationSeconds,
    ).toBe(0);
  });

  test("puts no end before the beginning, whatever the provider's clock says", () => {
    expect(
      foldEvent(claimedCall(began), { status: "busy", at: "2026-07-16T14:29:00+05:30" }).facts.endedAt,
    ).toBe(began);
  });
});
