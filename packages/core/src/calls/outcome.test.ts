import { describe, expect, test } from "vitest";
import { callStatuses, isTerminal } from "./lifecycle.ts";
import { callOutcome, isConversation, isFinal, isUnburned } from "./outcome.ts";
import type { OutcomeFacts } from "./outcome.ts";

const completed = (facts: Partial<OutcomeFacts>) =>
  callOutcome({
    status: "completed",
    transcript: null,
    conversationSeconds: 20,
    answeredByVoicemail: null,
    ...facts,
  });

describe("the outcome of a completed call", () => {
  test("is answered as soon as a person said a word", () => {
    expect(completed({ transcript: "assistant: Hello?\nuser:  hello\n" })).toEqual({
      outcome: "answered",
      evidence: "person_spoke",
    });
    expect(completed({ transcript: "assistant: Hi\nuser: Hello?", conversationSeconds: 3 }).outcome).toBe(
      "answered",
    );
  });

  test("is voicemail by the provider's flag, whatever was said", () => {
    expect(completed({ transcript: "user: Hello, this is Ravi", answeredByVoicemail: true })).toEqual({
      outcome: "voicemail",
      evidence: "provider_flag",
    });
  });

  test.each([
    "user: You have reached Ravi. Please leave a message after the beep.",
    "assistant: Hello\nuser: The person you are trying to reach is not available.\nuser: Please record your message after the tone.",
    "user: Your call has been forwarded to voicemail.",
    "user: Deje su mensaje después del tono.",
    "user: कृपया बीप के बाद अपना संदेश छोड़ें",
  ])("is voicemail where only a greeting speaks: %s", (transcript) => {
    expect(completed({ transcript })).toEqual({ outcome: "voicemail", evidence: "voicemail_greeting" });
  });

  test.each([
    "assistant: Shall I call later?\nuser: Just send me a mail.\nassistant: Sure\nuser: or leave a message after the tone\nuser: ok\nuser: bye",
    "user: Hello?\nassistant: Hi\nuser: I was at the tone deaf choir",
    "user: Who is this?\nassistant: Asha\nuser: Please leave me alone",
  ])("stays answered where a person speaks of machines: %s", (transcript) => {
    expect(completed({ transcript }).outcome).toBe("answered");
  });

  test("believes the provider when it says that it was no machine", () => {
    expect(completed({ transcript: "user: after the beep please", answeredByVoicemail: false }).outcome).toBe(
      "answered",
    );
  });

  test("is unclear where the line was open and nobody can be heard", () => {
    expect(completed({ transcript: "" })).toEqual({ outcome: "unclear", evidence: "no_transcript" });
    expect(completed({ transcript: "assistant: Hello? Are you there?" })).toEqual({
      outcome: "unclear",
      evidence: "nobody_spoke",
    });
    expect(completed({ transcript: null, conversationSeconds: 0 })).toEqual({
      outcome: "no_answer",
      evidence: "never_connected",
    });
  });
});

test("every other end has its outcome, and what has not ended is unclear", () => {
  const of = Object.fromEntries(
    callStatuses.map((status) => [
      status,
      callOutcome({ status, transcript: null, conversationSeconds: 0, answeredByVoicemail: null }).outcome,
    ]),
  );
  expect(of).toMatchObject({
    busy: "busy",
    "no-answer": "no_answer",
    failed: "failed",
    error: "failed",
    "balance-low": "failed",
    canceled: "canceled",
    stopped: "canceled",
  });
  for (const status of callStatuses) if (!isTerminal(status)) expect(of[status]).toBe("unclear");
});

test("a conversation is an answered call of ten seconds or more", () => {
  expect(isConversation("answered", 10)).toBe(true);
  expect(isConversation("answered", 9)).toBe(false);
  expect(isConversation("voicemail", 60)).toBe(false);
  expect(isConversation(null, 60)).toBe(false);
});

test("ends that are not the contact's fault are final without burning the try", () => {
  expect(callStatuses.filter(isUnburned)).toEqual(["not-placed", "balance-low"]);
  expect(isFinal({ status: "not-placed", outcome: null })).toBe(true);
  expect(isFinal({ status: "completed", outcome: null })).toBe(false);
  expect(isFinal({ status: "completed", outcome: "answered" })).toBe(true);
});
