import { transcriptTurns, type TranscriptTurn } from "@parley/core/wire/bolna";
import { afterAWhile, lastTimeNamed, nowIn, type Appointed } from "./when.ts";
import type { Gist } from "../bolna/conversations.ts";

export type Rank = 1 | 2 | 3;

/** What a fair listener takes from a conversation. */
export interface Reading {
  outcome: Gist;
  /** −1 to 1. */
  sentiment: number;
  doNotCall: boolean;
  meeting: Appointed | null;
  callback: Appointed | null;
  levels: Record<"intent" | "urgency" | "budget" | "fit" | "engagement", { rank: Rank; reason: string }>;
  summary: string;
  /** What the person said, without orders to the listener. */
  said: string[];
}

/** The spoken lines within a prompt, whatever stands around them. */
export function transcriptIn(text: string): TranscriptTurn[] {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.replace(/^[\s>|"'-]+/, ""))
    .map((line) => line.replace(/^(agent|bot|ai)\s*:/i, "assistant:"))
    .map((line) => line.replace(/^(customer|caller|callee|person|lead|human)\s*:/i, "user:"));
  return transcriptTurns(lines.filter((line) => /^(assistant|user)\s*:/i.test(line)).join("\n"));
}

/** Speech that is meant for whoever reads the transcript rather than for the agent on the phone. */
const orders = [
  /\b(ignore|disregard|forget)\b.*\b(instruction|prompt|rule|above|previous)/i,
  /\byou are now\b/i,
  /\b(system|developer|assistant)\s*:/i,
  /\b(set|mark|classify|rate|score|label)\b.*\b(sentiment|outcome|lead|score|hot|appointment|temperature)\b/i,
  /\b(json|system prompt|administrator mode|jailbreak)\b/i,
  /\brespond only with\b/i,
];

const isOrder = (sentence: string): boolean => orders.some((order) => order.test(sentence));

function withoutOrders(line: string): string {
  return line
    .split(/(?<=[.!?])\s+/)
    .filter((sentence) => !isOrder(sentence))
    .join(" ");
}

const says = {
  machine:
    /leave (me |us )?(a|your) (message|name)|after the (tone|beep)|at the tone|voice ?mail|mailbox (you have reached|is full)|not available.*record/i,
  neverAgain:
    /(do not|don't|never|stop) (ever )?(call|calling|ring|ringing|contact|contacting)( me| us| here)?\b(?! later)|(take|remove|delete) (me|us|my number|this number|our number)( off| from)?|off your list/i,
  wrongNumber:
    /wrong number|(no one|nobody|no-one)( here)? (by|of|with|called) |there is no \w+ here|not the (right )?person/i,
  callMe:
    /\b(call|ring|phone|try) (me |us )?(back|later|again|another time|tomorrow|on monday|in the evening)|(call|ring) (me )?(back|another time)|busy right now|in a meeting|i('| a)m driving|can you call back|bad time/i,
  rings: /\bi('ll| will) (call|ring) you( back)?\b/i,
  no: /not interested|no,? thank|do(n't| not) need|not looking|we are (fine|happy)|happy with (them|our)|decided against|no longer (need|interested)|leave me alone/i,
  yes: /interested|sounds? (good|great|useful|reasonable)|tell me more|send me|send it|how much|pricing|price list|free trial|would like to (try|see|read)|keep me posted/i,
  agrees:
    /works for (me|us|both)|book it|that works|is fine|see you|please (do|book)|let us do|perfect|confirmed|okay|looking forward/i,
  cross: /annoying|annoyed|stop|five of these|waste|never asked|rude|where did you get|angry|scam/i,
  urgent:
    /urgent|as soon as|asap|right away|immediately|this week|need something soon|losing (customers|business)/i,
  soon: /this month|this quarter|next week|decide|comparing/i,
  money: /budget (is )?approved|have a budget|set aside|reasonable|can afford/i,
  noMoney: /no budget|too expensive|far too|can('| ?)not afford|cheaper/i,
  prices: /how much|price|pricing|cost|offer|quote|trial|pay/i,
  need: /losing|miss calls|follow(ing)? up|we need|nobody picks up|costs us|hundred|leads|enquir/i,
} as const;

const settles = /\b(book|booked|scheduled?|confirmed|invit\w+|calendar|demo|visit|appointment|meeting)\b/i;

/** Reads a conversation. `instructions` tell the local time; `fallback` is the instant to assume without them. */
export function read(turns: readonly TranscriptTurn[], instructions: string, fallback: number): Reading {
  const now = nowIn(instructions, fallback);
  const clean = turns
    .map((turn) => (turn.speaker === "user" ? { ...turn, text: withoutOrders(turn.text) } : turn))
    .filter((turn) => turn.text);
  const said = clean.filter(({ speaker }) => speaker === "user").map(({ text }) => text);
  const theirs = said.join("\n");
  const all = clean.map(({ text }) => text).join("\n");
  const named = lastTimeNamed(all, now);

  const outcome = decide(theirs, all, named !== null, said.length === 0);
  const doNotCall = outcome !== "voicemail" && says.neverAgain.test(theirs);
  const meeting = outcome === "appointment" ? named : null;
  const callback =
    outcome === "callback" && !says.rings.test(theirs) ? (named ?? afterAWhile(theirs, now)) : null;
  const sentiment = feeling(outcome, theirs, doNotCall);
  return {
    outcome,
    sentiment,
    doNotCall,
    meeting,
    callback,
    levels: levelsOf(outcome, theirs, said),
    summary: summarise(outcome, { meeting, callback, doNotCall, theirs }),
    said,
  };
}

function decide(theirs: string, all: string, timeNamed: boolean, silent: boolean): Gist {
  if (silent) return "other";
  if (says.machine.test(theirs)) return "voicemail";
  if (says.neverAgain.test(theirs)) return "refusal";
  if (says.wrongNumber.test(theirs)) return "wrong_number";
  if (timeNamed && settles.test(all) && says.agrees.test(theirs) && !says.callMe.test(theirs))
    return "appointment";
  if (says.callMe.test(theirs) || says.rings.test(theirs)) return "callback";
  if (says.no.test(theirs)) return "refusal";
  if (says.noMoney.test(theirs) && !says.yes.test(theirs)) return "refusal";
  return says.yes.test(theirs) ? "interested" : "other";
}

const moods: Record<Gist, number> = {
  appointment: 0.8,
  interested: 0.6,
  callback: 0.2,
  other: 0,
  voicemail: 0,
  wrong_number: -0.1,
  refusal: -0.4,
};

function feeling(outcome: Gist, theirs: string, doNotCall: boolean): number {
  if (outcome === "refusal" && (doNotCall || says.cross.test(theirs))) return -0.8;
  if (outcome === "interested" && says.noMoney.test(theirs)) return 0.3;
  return moods[outcome];
}

function levelsOf(outcome: Gist, theirs: string, said: readonly string[]): Reading["levels"] {
  const open = outcome === "appointment" || outcome === "interested" || outcome === "callback";
  const words = theirs.split(/\s+/).filter(Boolean).length;
  const quote = (pattern: RegExp): string | null => {
    const line = said.find((each) => pattern.test(each));
    return line ? `Said: "${line}"` : null;
  };
  const level = (rank: Rank, ...reasons: (string | null)[]): { rank: Rank; reason: string } => ({
    rank,
    reason: reasons.find((reason) => reason !== null) ?? "Nothing in the conversation points to more.",
  });
  return {
    intent:
      outcome === "appointment"
        ? level(3, quote(says.agrees))
        : /free trial|try it/i.test(theirs) && open
          ? level(3, quote(/trial|try it/i))
          : open
            ? level(2, quote(says.yes), quote(says.callMe))
            : level(1, quote(says.no), quote(says.neverAgain)),
    urgency:
      open && says.urgent.test(theirs)
        ? level(3, quote(says.urgent))
        : open && (says.soon.test(theirs) || outcome === "appointment")
          ? level(2, quote(says.soon), "Agreed to meet within days.")
          : level(1),
    budget: says.noMoney.test(theirs)
      ? level(1, quote(says.noMoney))
      : says.money.test(theirs)
        ? level(3, quote(says.money))
        : open
          ? level(2, quote(says.prices), "Money was not discussed.")
          : level(1),
    fit:
      open && says.need.test(theirs)
        ? level(3, quote(says.need))
        : open
          ? level(2, "The offer matches the enquiry.")
          : level(1),
    engagement:
      words > 45
        ? level(3, `Spoke about ${words} words.`)
        : words > 15
          ? level(2, `Spoke about ${words} words.`)
          : level(1, `Spoke about ${words} words.`),
  };
}

function summarise(
  outcome: Gist,
  facts: { meeting: Appointed | null; callback: Appointed | null; doNotCall: boolean; theirs: string },
): string {
  switch (outcome) {
    case "appointment":
      return `The person agreed to a meeting${facts.meeting ? ` (${facts.meeting.words})` : ""} and is interested in the offer.`;
    case "interested":
      return says.noMoney.test(facts.theirs)
        ? "The person likes the offer but has no budget for it at the moment and asked for information."
        : "The person is interested and asked for more information before deciding.";
    case "callback":
      return says.rings.test(facts.theirs)
        ? "The person could not talk and will ring back."
        : `The person could not talk and asked to be called back${facts.callback ? ` (${facts.callback.words})` : " later"}.`;
    case "refusal":
      return facts.doNotCall
        ? "The person does not want to be called again and asked to be taken off the list."
        : "The person is not interested in the offer.";
    case "wrong_number":
      return "The number belongs to somebody else.";
    case "voicemail":
      return "A voicemail greeting answered; nobody was reached.";
    default:
      return "The conversation ended without a clear result.";
  }
}
