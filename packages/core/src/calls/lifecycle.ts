/**
 * The life of one call: its statuses, their ranks, and the fold that turns what the provider says, in any order and
 * any number of copies, into one row. Drawn in docs/lifecycle.md.
 *
 * Why it commutes: the status is the highest one ever seen (of two ends, one that was re-read), a stage's time the
 * earliest, and every artefact the one from the best source (final over partial, re-read over webhook, later over
 * earlier). All three are maxima.
 */

/** Ours up to `not-placed`, then the provider's own words. */
export const callStatuses = [
  "claimed",
  "dialing",
  "unknown",
  "not-placed",
  "prepared",
  "scheduled",
  "queued",
  "rescheduled",
  "initiated",
  "ringing",
  "in-progress",
  "call-disconnected",
  "balance-low",
  "error",
  "failed",
  "stopped",
  "canceled",
  "no-answer",
  "busy",
  "completed",
] as const;
export type CallStatus = (typeof callStatuses)[number];

export const statusRank: Record<CallStatus, number> = {
  claimed: 0,
  dialing: 1,
  unknown: 2,
  prepared: 3,
  scheduled: 3,
  queued: 3,
  rescheduled: 3,
  initiated: 4,
  ringing: 5,
  "in-progress": 6,
  "call-disconnected": 7,
  "balance-low": 8,
  error: 8,
  failed: 8,
  stopped: 8,
  canceled: 8,
  "no-answer": 8,
  busy: 8,
  completed: 8,
  "not-placed": 8,
};

const disconnected = statusRank["call-disconnected"];
const terminal = statusRank.completed;

/** Nothing more will happen to the call; its figures may still have to be re-read. */
export const terminalStatuses = callStatuses.filter((status) => statusRank[status] === terminal);

/** Accepted by the provider, not dialled yet: the only time at which it can be stopped there. */
export const waitingStatuses = callStatuses.filter((status) => statusRank[status] === statusRank.queued);

/** The five stages of a call that somebody picks up, as the timeline shows them. */
export const shownStages = ["initiated", "ringing", "in-progress", "call-disconnected", "completed"] as const;

/** Words that only we write; from the provider they would be nonsense. */
const ourStatuses = new Set<string>(["claimed", "dialing", "unknown", "not-placed"]);

export function isCallStatus(word: string): word is CallStatus {
  return Object.hasOwn(statusRank, word);
}

/** A status that only the provider can have reported: proof that the call exists there. */
export function isSighting(word: string): word is CallStatus {
  return isCallStatus(word) && !ourStatuses.has(word);
}

export function isTerminal(status: CallStatus): boolean {
  return statusRank[status] === terminal;
}

export function isWaiting(status: CallStatus): boolean {
  return statusRank[status] === statusRank.queued;
}

/**
 * It was taken back at the provider and no phone rang: no stage from `initiated` on, no word, no second of talk, no
 * cost. Anything less is no proof, and the attempt counts.
 */
export function neverBegan(
  call: Pick<CallFacts, "status" | "stages" | "transcript" | "conversationSeconds" | "providerCostCents">,
): boolean {
  const isTakenBack = call.status === "stopped" || call.status === "canceled";
  const began = callStatuses.some(
    (status) =>
      call.stages[status] !== undefined &&
      statusRank[status] >= statusRank.initiated &&
      statusRank[status] <= disconnected,
  );
  return isTakenBack && !began && !call.transcript && !call.conversationSeconds && !call.providerCostCents;
}

/** An open call is what a slot is. */
export function isOpen(call: { endedAt: string | null }): boolean {
  return call.endedAt === null;
}

/**
 * May `next` replace `current`? A higher rank may; within a rank, the later of `callStatuses` (so that two
 * contradictory ends still have one winner, and a conversation beats a refusal). The one exception: `not-placed` was
 * our conclusion from silence, and any sighting proves it wrong.
 */
export function supersedes(next: CallStatus, current: CallStatus): boolean {
  if (next === current) return false;
  if (current === "not-placed") return isSighting(next);
  if (next === "not-placed") return !isSighting(current);
  const rise = statusRank[next] - statusRank[current];
  return rise > 0 || (rise === 0 && callStatuses.indexOf(next) > callStatuses.indexOf(current));
}

/** What a call leaves behind. Null and empty text mean "not told yet". */
export type Artefacts = {
  transcript: string | null;
  recordingUrl: string | null;
  conversationSeconds: number | null;
  answeredByVoicemail: boolean | null;
  hangupBy: string | null;
  hangupReason: string | null;
  terminationReason: string | null;
  errorMessage: string | null;
  providerCostCents: number | null;
};
export type ArtefactName = keyof Artefacts;

export const artefactNames = [
  "transcript",
  "recordingUrl",
  "conversationSeconds",
  "answeredByVoicemail",
  "hangupBy",
  "hangupReason",
  "terminationReason",
  "errorMessage",
  "providerCostCents",
] as const satisfies readonly ArtefactName[];

export type CallFacts = Artefacts & {
  status: CallStatus;
  createdAt: string;
  /** When each status was first true (provider's time), whatever order the news came in. */
  stages: Partial<Record<CallStatus, string>>;
  /** The instant the line was free again; null while the call holds its slot. */
  endedAt: string | null;
  endedBy: "provider" | "clock" | null;
  /**
   * How good the source of each artefact was: an opaque text that compares. Where it is not stored (`{}`), an
   * artefact counts as told by the call's present status. `status` is `verified` once the provider itself named an
   * end: no webhook contradicts that any more.
   */
  sources: Partial<Record<ArtefactName | "status", string>>;
};

/** One piece of news: a webhook, or (`verified`) what we read at the provider ourselves. */
export type CallEvent = Partial<Artefacts> & {
  /** The provider's word; null for bodies that only look like a status (a tool's own webhook). */
  status: string | null;
  /** The provider's time of it if it gave one, else when it reached us. ISO-8601. */
  at: string;
  verified?: boolean;
};

/**
 * What follows from a piece of news, as jobs or records in the same transaction.
 * `slot_freed` wake the dispatcher · `answered` somebody or something picked up · `disconnected` begin to poll for the
 * final figures · `verify` re-read before money moves · `analyse` a new transcript · `fetch_recording` a new recording
 * · `sighted` a call thought not placed exists after all (incident) · `unknown_word` a status we do not know (alert).
 */
export type CallEffect =
  | "slot_freed"
  | "answered"
  | "disconnected"
  | "verify"
  | "analyse"
  | "fetch_recording"
  | "sighted"
  | "unknown_word";

export type Fold = {
  facts: CallFacts;
  /** Only the fields that differ, ready to be written. */
  changes: Partial<CallFacts>;
  effects: CallEffect[];
};

/** A call as it stands when the dispatcher has just claimed it. */
export function claimedCall(createdAt: string): CallFacts {
  return {
    status: "claimed",
    createdAt,
    stages: { claimed: instant(createdAt) },
    endedAt: null,
    endedBy: null,
    sources: {},
    transcript: null,
    recordingUrl: null,
    conversationSeconds: null,
    answeredByVoicemail: null,
    hangupBy: null,
    hangupReason: null,
    terminationReason: null,
    errorMessage: null,
    providerCostCents: null,
  };
}

/** One call plus one piece of news. Never fails: a word nobody knows changes no status and says `unknown_word`. */
export function foldEvent(call: CallFacts, event: CallEvent): Fold {
  const changes: Partial<CallFacts> = {};
  const effects: CallEffect[] = [];
  const at = later(instant(event.at), instant(call.createdAt)); // a skewed clock cannot end a call before it began
  const status = event.status !== null && isSighting(event.status) ? event.status : null;
  if (event.status !== null && status === null) effects.push("unknown_word");

  if (status) {
    const rises = isDecided(call, status, event.verified === true) ?? supersedes(status, call.status);
    const sighted = rises && call.status === "not-placed";
    const held = sighted ? { endedAt: null, endedBy: null } : call; // our end of it was a wrong conclusion
    if (rises) changes.status = status;
    if (sighted) {
      Object.assign(changes, held);
      effects.push("sighted");
    }
    if (rises && isTerminal(status) && !event.verified) effects.push("verify");

    const seen = call.stages[status];
    if (seen === undefined || at < seen) changes.stages = { ...call.stages, [status]: at };
    if (seen === undefined && status === "in-progress") effects.push("answered");
    if (rises && status === "call-disconnected") effects.push("disconnected");

    if (statusRank[status] >= disconnected) {
      if (held.endedAt === null) {
        Object.assign(changes, { endedAt: at, endedBy: "provider" });
        effects.push("slot_freed");
      } else if (held.endedBy === "provider" && at < held.endedAt) {
        changes.endedAt = at;
      }
    }
  }

  const source = sourceOf(status, event.verified === true, at);
  const sources = { ...call.sources };
  if (status && isTerminal(status) && event.verified && sources.status !== "verified") {
    sources.status = "verified";
    changes.sources = sources;
  }
  for (const name of artefactNames) {
    const value = told(event[name], status);
    const heldSource = call.sources[name] ?? sourceOf(call.status, false, "");
    if (value === null || !better(value, source, call[name], heldSource)) continue;
    sources[name] = source;
    if (call.sources[name] !== source) changes.sources = sources;
    if (value === call[name]) continue;
    Object.assign(changes, { [name]: value });
    if (name === "transcript") effects.push("analyse");
    if (name === "recordingUrl") effects.push("fetch_recording");
  }

  return { facts: { ...call, ...changes }, changes, effects };
}

/**
 * Of two different ends the one decides that the provider's own record names, whichever came first. Null: no such
 * contradiction, the rank decides.
 */
function isDecided(call: CallFacts, status: CallStatus, verified: boolean): boolean | null {
  if (status === call.status || !isTerminal(status)) return null;
  if (!isTerminal(call.status) || call.status === "not-placed") return null;
  const isHeldVerified = call.sources.status === "verified";
  return isHeldVerified === verified ? null : verified;
}

/** A call plus all its news: how a replay arrives at the same row. */
export function foldEvents(call: CallFacts, events: readonly CallEvent[]): Fold {
  let facts = call;
  const changes: Partial<CallFacts> = {};
  const effects = new Set<CallEffect>();
  for (const event of events) {
    const next = foldEvent(facts, event);
    facts = next.facts;
    Object.assign(changes, next.changes);
    for (const effect of next.effects) effects.add(effect);
  }
  return { facts, changes, effects: [...effects] };
}

/** `80 2026-…`: rank, then re-read over webhook, then the later one. */
function sourceOf(status: CallStatus | null, verified: boolean, at: string): string {
  return `${status ? statusRank[status] : 0}${verified ? 1 : 0} ${at}`;
}

/** An artefact as told, null if it says nothing: empty text, and figures that are 0 only because the call is not over. */
function told<Value extends string | number | boolean>(
  value: Value | null | undefined,
  status: CallStatus | null,
): Value | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" && value.trim() === "") return null;
  if (value === 0 && !(status && isTerminal(status))) return null;
  return value;
}

function better(
  value: string | number | boolean,
  source: string,
  held: string | number | boolean | null,
  heldSource: string,
): boolean {
  if (held === null) return true;
  if (source !== heldSource) return source > heldSource;
  const [mine, theirs] = [String(value), String(held)]; // two tellings of one instant: any fixed rule will do
  return mine.length === theirs.length ? mine > theirs : mine.length > theirs.length;
}

function instant(text: string): string {
  return new Date(text).toISOString();
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
