/**
 * Every task of every process: its payload, which runner takes it, and how a job of it is keyed.
 * A job is a doorbell: the row it names is the truth, and the sweeper rings again when a job is lost. That is why
 * payloads are ids only and attempts are few.
 */
import * as z from "zod";

const id = z.uuid();

/** `live`: what a person on the phone waits for. `slow`: imports, analysis, upkeep; never ahead of a call. */
export type Runner = "live" | "slow";

type Task<Payload extends z.ZodObject> = {
  payload: Payload;
  runner: Runner;
  /** Lower runs first, as Graphile Worker has it. */
  priority: number;
  maxAttempts: number;
  /** The payload field that makes two jobs of this task the same job; none: one job at most. */
  subject: (keyof z.infer<Payload> & string) | null;
};

function task<Shape extends z.ZodRawShape>(
  shape: Shape,
  rest: Omit<Task<z.ZodObject<Shape, z.core.$strict>>, "payload">,
): Task<z.ZodObject<Shape, z.core.$strict>> {
  return { payload: z.strictObject(shape), ...rest };
}

const ofCall = { userId: id, callId: id };
const ofCampaign = { userId: id, campaignId: id };
const ofImport = { userId: id, importId: id };
const ofAgent = { userId: id, agentId: id };
const ofTask = { userId: id, taskId: id };

export const jobs = {
  "calls/dispatch": task({}, { runner: "live", priority: 0, maxAttempts: 3, subject: null }),
  "calls/place": task(ofCall, { runner: "live", priority: 0, maxAttempts: 3, subject: "callId" }),
  "calls/stop": task(ofCall, { runner: "live", priority: 1, maxAttempts: 5, subject: "callId" }),
  "webhooks/drain": task({}, { runner: "live", priority: 1, maxAttempts: 3, subject: null }),
  "calls/verify": task(ofCall, { runner: "live", priority: 2, maxAttempts: 5, subject: "callId" }),
  "calls/sweep": task({}, { runner: "live", priority: 2, maxAttempts: 1, subject: null }),
  "campaigns/settle_item": task(
    { userId: id, itemId: id },
    { runner: "live", priority: 2, maxAttempts: 5, subject: "itemId" },
  ),
  "calls/reconcile": task(ofAgent, { runner: "live", priority: 3, maxAttempts: 5, subject: "agentId" }),
  "calls/adopt": task(ofAgent, { runner: "live", priority: 3, maxAttempts: 5, subject: "agentId" }),
  "campaigns/callback": task(ofTask, { runner: "live", priority: 3, maxAttempts: 5, subject: "taskId" }),
  "campaigns/launch": task(ofCampaign, {
    runner: "live",
    priority: 4,
    maxAttempts: 5,
    subject: "campaignId",
  }),
  "campaigns/finish": task(ofCampaign, {
    runner: "live",
    priority: 4,
    maxAttempts: 5,
    subject: "campaignId",
  }),
  "provider/refresh": task({}, { runner: "slow", priority: 3, maxAttempts: 3, subject: null }),
  "leads/analyse": task(ofCall, { runner: "slow", priority: 4, maxAttempts: 5, subject: "callId" }),
  "calls/fetch_recording": task(ofCall, { runner: "slow", priority: 5, maxAttempts: 8, subject: "callId" }),
  "agents/sync": task(ofAgent, { runner: "slow", priority: 3, maxAttempts: 8, subject: "agentId" }),
  "agents/repoint": task({}, { runner: "slow", priority: 3, maxAttempts: 5, subject: null }),
  "contacts/import": task(ofImport, { runner: "slow", priority: 6, maxAttempts: 5, subject: "importId" }),
  "contacts/commit_import": task(ofImport, {
    runner: "slow",
    priority: 6,
    maxAttempts: 5,
    subject: "importId",
  }),
  "contacts/undo_import": task(ofImport, {
    runner: "slow",
    priority: 6,
    maxAttempts: 5,
    subject: "importId",
  }),
  "contacts/tidy_import": task(ofImport, {
    runner: "slow",
    priority: 6,
    maxAttempts: 5,
    subject: "importId",
  }),
  "ops/prune": task({}, { runner: "slow", priority: 9, maxAttempts: 2, subject: null }),
  "ops/seal_audit": task({}, { runner: "slow", priority: 9, maxAttempts: 2, subject: null }),
  "ops/noop": task({}, { runner: "live", priority: 0, maxAttempts: 1, subject: null }),
};

export type JobName = keyof typeof jobs;
export type JobPayload<Name extends JobName> = z.infer<(typeof jobs)[Name]["payload"]>;

export const jobNames = Object.keys(jobs) as JobName[];

/** Tasks that one of the two runners takes. */
export function jobsOf(runner: Runner): JobName[] {
  return jobNames.filter((name) => jobs[name].runner === runner);
}

/** `calls/place:<callId>`, `calls/dispatch`: the same work twice is one job. SQL writes the same text. */
export function jobKey<Name extends JobName>(name: Name, payload: JobPayload<Name>): string {
  const subject = jobs[name].subject;
  return subject === null ? name : `${name}:${(payload as Record<string, string>)[subject]}`;
}
