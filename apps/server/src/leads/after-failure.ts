import type { AnalysisFailure } from "../providers/openai.ts";

/**
 * `retry`: the same request may succeed. `configuration`: nothing succeeds until somebody acts; tried again now and
 * then, so that the cure needs no button. `permanent`: this conversation will not be read.
 */
export type Verdict = "retry" | "configuration" | "permanent";

type Plan = { verdict: Verdict; triesMax: number; says: string; cure: string };

/** Whether a failure costs a generation decides how often it is worth repeating. */
const plans: Record<AnalysisFailure["kind"], Plan> = {
  refused: { verdict: "retry", triesMax: 2, says: "The model refused to read this conversation", cure: "" },
  incomplete: { verdict: "retry", triesMax: 3, says: "The model's answer was cut off", cure: "" },
  malformed: { verdict: "retry", triesMax: 3, says: "The model's answer did not fit the form", cure: "" },
  rate_limited: { verdict: "retry", triesMax: 8, says: "OpenAI asked us to slow down", cure: "" },
  unavailable: { verdict: "retry", triesMax: 8, says: "OpenAI did not answer", cure: "" },
  rejected: { verdict: "permanent", triesMax: 1, says: "OpenAI does not take this request", cure: "" },
  quota: {
    verdict: "configuration",
    triesMax: 100,
    says: "The OpenAI account has no credit left",
    cure: "Add credit at OpenAI; waiting analyses go on by themselves.",
  },
  credential: {
    verdict: "configuration",
    triesMax: 100,
    says: "OpenAI refuses our key",
    cure: "Set a valid OPENAI_API_KEY and start again; waiting analyses go on by themselves.",
  },
  model_gone: {
    verdict: "configuration",
    triesMax: 100,
    says: "OpenAI no longer offers the model that is set",
    cure: "Set OPENAI_MODEL to a current model and start again; waiting analyses go on by themselves.",
  },
};

/** Kinds that are an incident of the platform as long as they last. */
export const configurationFaults = (Object.keys(plans) as AnalysisFailure["kind"][]).filter(
  (kind) => plans[kind].verdict === "configuration",
);

const FIRST_WAIT_SECONDS = 5;
const LONGEST_WAIT_SECONDS = 600;
const CONFIGURATION_WAIT_SECONDS = 900;

export type AfterFailure = {
  verdict: Verdict;
  /** Until the next try; null when there is none. */
  waitSeconds: number | null;
  /** What is shown beside the call. */
  reason: string;
  /** For the incident, when the fault is not this conversation's. */
  cure: string;
};

/** What follows from the `attempt`-th failure of a run. */
export function afterFailure(failure: AnalysisFailure, attempt: number): AfterFailure {
  const { verdict, triesMax, says, cure } = plans[failure.kind];
  const said = `${says}: ${failure.detail}`.replace(/\.?$/, ".");
  if (attempt >= triesMax)
    return { verdict, waitSeconds: null, reason: `${said} Press Analyse again to retry.`, cure };
  const asked = failure.kind === "rate_limited" ? (failure.retryAfterSeconds ?? 0) : 0;
  const backoff = Math.min(FIRST_WAIT_SECONDS * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS);
  const waitSeconds = verdict === "configuration" ? CONFIGURATION_WAIT_SECONDS : Math.max(asked, backoff);
  return { verdict, waitSeconds, reason: verdict === "configuration" ? `${said} ${cure}` : said, cure };
}
