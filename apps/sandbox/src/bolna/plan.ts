import type { BolnaStatus } from "@parley/core/wire/bolna";
import { fraction, integer, pick } from "../random.ts";
import {
  cast,
  library,
  naturalSeconds,
  speak,
  voicemailGreetings,
  type Conversation,
  type Speaker,
} from "./conversations.ts";

/** One change of status, so many milliseconds of sandbox time after the one before. */
export interface Step {
  status: BolnaStatus;
  afterMs: number;
}

/**
 * What is going to happen to one execution, decided when it is placed and written down then: an execution is its plan
 * and how far it has come.
 */
export interface Plan {
  story: string;
  /** Decides the day and the time that are named. */
  seed?: string;
  /** The changes of status after `queued`. */
  steps: Step[];
  /** Name of what is said, null when nobody picks up. */
  conversation: string | null;
  /** Length of the conversation in seconds, to a tenth; 0 when nobody picks up. */
  talkSeconds: number;
  ringSeconds: number;
  hangup: { by: string; reason: string; code: number } | null;
  error: string | null;
  /** A machine picked up and was recognised as one. */
  machine?: true;
  /** Transcript stays empty although somebody spoke. */
  deaf?: true;
  /** The final transcript holds two turns that were missing at first. */
  revised?: true;
  /** Events: absent = each once and in order. */
  events?: "twice" | "reversed" | "none";
  /** A tool's own `in-progress` post goes out before the real one. */
  toolPost?: true;
  /** The recording answers 404 for so long after `completed`. */
  recordingLateMs?: number;
  /** The person rings back so long after the call is over. */
  ringsBackMs?: number;
  /** No news after `in-progress`; the line itself drops after so long. */
  silentAfterMs?: number;
}

/** What the first `POST /call` to a number answers, apart from placing a call. */
export type FirstPost =
  | "500-after-placing"
  | "hangs-after-placing"
  | "reset-before-placing"
  | "429-before-placing";

interface MagicNumber {
  /** For the desk and GET /sandbox/scenarios. */
  title: string;
  firstPost?: FirstPost;
  plan: (call: CallToPlan) => Plan;
}

export interface CallToPlan {
  seed: string;
  to: string;
  /** How many executions this number had before. */
  ordinal: number;
  /** The agent's call_terminate. */
  longestSeconds: number;
  /** The agent's task_config.voicemail: it recognises machines and hangs up on them. */
  detectsVoicemail: boolean;
  speaker: Omit<Speaker, "seed">;
}

const MINUTE = 60_000;

const seconds = (value: number): number => Math.round(value * 1000);

/** Somebody, or something, picks up and the conversation lasts `talkSeconds`. */
function answered(
  call: CallToPlan,
  conversation: Conversation,
  talkSeconds: number,
  more: Partial<Plan> & { completedAfterMs?: number } = {},
): Plan {
  const { completedAfterMs, ...rest } = more;
  const talk = Math.min(talkSeconds, call.longestSeconds);
  const cut = talk < talkSeconds;
  const ringSeconds = rest.ringSeconds ?? integer(4, 14, call.seed, call.to, call.ordinal, "ring");
  const personEnds = fraction(call.seed, call.to, call.ordinal, "ends") < 0.6;
  return {
    story: conversation.name,
    seed: `${call.seed}/${call.to}/${call.ordinal}`,
    steps: [
      { status: "initiated", afterMs: integer(400, 900, call.seed, call.to, call.ordinal, "initiated") },
      { status: "ringing", afterMs: integer(900, 2200, call.seed, call.to, call.ordinal, "ringing") },
      { status: "in-progress", afterMs: seconds(ringSeconds) },
      { status: "call-disconnected", afterMs: seconds(talk) },
      {
        status: "completed",
        afterMs: completedAfterMs ?? integer(4_000, 40_000, call.seed, call.to, call.ordinal, "completed"),
      },
    ],
    conversation: conversation.name,
    talkSeconds: talk,
    ringSeconds,
    hangup: cut
      ? { by: "API Request", reason: "Call timed out", code: 4020 }
      : personEnds
        ? { by: "Callee", reason: "Call recipient hungup", code: 4000 }
        : { by: "API Request", reason: "llm_prompted_hangup", code: 4000 },
    error: null,
    ...rest,
  };
}

const nobody = { conversation: null, talkSeconds: 0 };

function unanswered(): Plan {
  return {
    story: "nobody answers",
    steps: [
      { status: "initiated", afterMs: 600 },
      { status: "ringing", afterMs: 1500 },
      { status: "no-answer", afterMs: 30_000 },
    ],
    ...nobody,
    ringSeconds: 30,
    hangup: { by: "Carrier", reason: "Call unanswered", code: 3000 },
    error: null,
  };
}

function busy(): Plan {
  return {
    story: "busy",
    steps: [
      { status: "initiated", afterMs: 600 },
      { status: "ringing", afterMs: 1200 },
      { status: "busy", afterMs: 2000 },
    ],
    ...nobody,
    ringSeconds: 2,
    hangup: { by: "Carrier", reason: "Call recipient was busy", code: 3010 },
    error: null,
  };
}

function failed(reason: string, code: number): Plan {
  return {
    story: "failed",
    steps: [
      { status: "initiated", afterMs: 600 },
      { status: "failed", afterMs: 1500 },
    ],
    ...nobody,
    ringSeconds: 0,
    hangup: { by: "Carrier", reason, code },
    error: reason,
  };
}

export function outOfBalance(): Plan {
  return {
    story: "balance-low",
    steps: [{ status: "balance-low", afterMs: 1000 }],
    ...nobody,
    ringSeconds: 0,
    hangup: null,
    error: "Insufficient wallet balance",
  };
}

function voicemail(call: CallToPlan, greeting: Conversation, talkSeconds: number): Plan {
  return answered(call, greeting, talkSeconds, {
    ringSeconds: 18,
    ...(call.detectsVoicemail ? { machine: true as const } : {}),
    hangup: { by: "API Request", reason: "llm_prompted_hangup", code: 4000 },
  });
}

const meets = (call: CallToPlan, more: Parameters<typeof answered>[3] = {}): Plan =>
  answered(call, cast.booksMeeting, 63.4, more);

/** How long the account stays empty after 0019. */
export const REFILL_MS = 30_000;

/** The numbers with a part to play, by their last four digits. docs/sandbox.md says how each ends. */
export const magicNumbers: Readonly<Record<string, MagicNumber>> = {
  "0001": { title: "answers, is interested, books a meeting", plan: (call) => meets(call) },
  "0002": { title: "answers, refuses", plan: (call) => answered(call, cast.refuses, 24.6) },
  "0003": {
    title: "answers, asks to be called back",
    plan: (call) => answered(call, cast.asksToCallBack, 31.2),
  },
  "0004": {
    title: "answers, hangs up after 3 s",
    plan: (call) =>
      answered(call, cast.hangsUpAtOnce, 3, {
        hangup: { by: "Callee", reason: "Call recipient hungup", code: 4000 },
      }),
  },
  "0005": { title: "busy", plan: busy },
  "0006": { title: "nobody answers", plan: unanswered },
  "0007": {
    title: "voicemail",
    plan: (call) => voicemail({ ...call, detectsVoicemail: true }, voicemailGreetings[0]!, 21.5),
  },
  "0008": { title: "invalid number", plan: () => failed("Call recipient number invalid", 3040) },
  "0009": { title: "asks never to be called again", plan: (call) => answered(call, cast.neverAgain, 18.3) },
  "0010": {
    title: "`completed` comes 13 minutes late",
    plan: (call) => answered(call, cast.wantsPrices, 42.8, { completedAfterMs: 13 * MINUTE }),
  },
  "0011": {
    title: "every event twice",
    plan: (call) => answered(call, cast.wantsPrices, 38.1, { events: "twice" }),
  },
  "0012": {
    title: "events in reverse order",
    plan: (call) =>
      answered(call, cast.wantsPrices, 36.7, { events: "reversed", ringSeconds: 6, completedAfterMs: 8_000 }),
  },
  "0013": {
    title: "no event at all",
    plan: (call) => answered(call, cast.wantsPrices, 33.9, { events: "none" }),
  },
  "0014": {
    title: "in-progress for ever",
    plan: (call) => {
      const plan = answered(call, cast.booksMeeting, call.longestSeconds);
      return {
        ...plan,
        story: "stuck in progress",
        steps: plan.steps.slice(0, 3),
        hangup: null,
        silentAfterMs: seconds(call.longestSeconds),
      };
    },
  },
  "0015": {
    title: "first POST answers 500, call placed",
    firstPost: "500-after-placing",
    plan: (call) => meets(call),
  },
  "0016": {
    title: "first POST hangs, call placed",
    firstPost: "hangs-after-placing",
    plan: (call) => meets(call),
  },
  "0017": {
    title: "first POST is reset, nothing placed",
    firstPost: "reset-before-placing",
    plan: (call) => meets(call),
  },
  "0018": { title: "first POST answers 429", firstPost: "429-before-placing", plan: (call) => meets(call) },
  "0019": {
    title: "first execution ends balance-low, wallet refills after 30 s",
    plan: (call) => (call.ordinal === 0 ? outOfBalance() : meets(call)),
  },
  "0020": { title: "gives orders to the analyst", plan: (call) => answered(call, cast.hostile, 47.2) },
  "0021": {
    title: "recording answers 404 for 2 minutes",
    plan: (call) => answered(call, cast.wantsPrices, 40.5, { recordingLateMs: 2 * MINUTE }),
  },
  "0022": {
    title: "empty transcript",
    plan: (call) => answered(call, cast.hangsUpAtOnce, 22, { deaf: true }),
  },
  "0023": {
    title: "a tool posts its own `in-progress` first",
    plan: (call) => answered(call, cast.wantsPrices, 35.4, { toolPost: true }),
  },
  "0024": {
    title: "will ring back, and does after a minute",
    plan: (call) =>
      answered(call, cast.driving, 12.6, {
        ringsBackMs: MINUTE,
        hangup: { by: "Callee", reason: "Call recipient hungup", code: 4000 },
      }),
  },
};

/** Shares of the ordinary numbers; what is left to 1 are people who pick up and hang up at once. */
export interface Mix {
  answered: number;
  noAnswer: number;
  busy: number;
  voicemail: number;
  failed: number;
}

export const usualMix: Mix = { answered: 0.45, noAnswer: 0.2, busy: 0.1, voicemail: 0.12, failed: 0.05 };

/** What an ordinary number does this time. A number that does not exist never does; all else may differ next time. */
function ordinary(call: CallToPlan, mix: Mix): Plan {
  const { seed, to, ordinal } = call;
  if (fraction(seed, to, "exists") < mix.failed) return failed("Call recipient number invalid", 3040);
  let chance = fraction(seed, to, ordinal, "fate") * (1 - mix.failed);
  const falls = (share: number): boolean => (chance -= share) < 0;
  if (falls(mix.answered)) {
    const chosen = pick(library, seed, to, ordinal, "conversation");
    return answered(call, chosen, talkTime(call, chosen));
  }
  if (falls(mix.noAnswer)) return unanswered();
  if (falls(mix.busy)) return busy();
  if (falls(mix.voicemail)) {
    const greeting = pick(voicemailGreetings, seed, to, ordinal, "greeting");
    return voicemail(call, greeting, talkTime(call, greeting));
  }
  return answered(call, cast.hangsUpAtOnce, integer(12, 45, seed, to, ordinal, "patience") / 10);
}

/** Some people speak faster than others. */
function talkTime(call: CallToPlan, conversation: Conversation): number {
  const natural = naturalSeconds(speak(conversation, { ...call.speaker, seed: "" }));
  const pace = 0.85 + fraction(call.seed, call.to, call.ordinal, "pace") * 0.6;
  return Math.round(natural * pace * 10) / 10;
}

/** The digits that decide what a number does. */
export const digitsOf = (to: string): string => to.slice(-4);

/** Decides what is going to happen. `part` are magic digits that override the number's own. */
export function planCall(call: CallToPlan, mix: Mix, part?: string): Plan {
  const magic = magicNumbers[part ?? digitsOf(call.to)];
  return magic ? magic.plan(call) : ordinary(call, mix);
}

/** The person rings the agent. */
export function planInbound(call: CallToPlan, conversation: Conversation = cast.ringsBack): Plan {
  const plan = answered(call, conversation, 26.3, { ringSeconds: 2 });
  return {
    ...plan,
    story: "inbound",
    steps: plan.steps.filter((step) => step.status !== "ringing"),
    hangup: { by: "Caller", reason: "Call ended", code: 4000 },
  };
}
