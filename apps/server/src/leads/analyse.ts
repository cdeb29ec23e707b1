import { createHash } from "node:crypto";
import type { Ctx } from "../context.ts";
import type { TaskResult } from "../define-task.ts";
import { OUTPUT_TOKENS } from "../providers/openai.ts";
import { failpoint } from "../failpoints.ts";
import { afterFailure } from "./after-failure.ts";
import { applyAnalysis } from "./apply-analysis.ts";
import { beginAnalysis, type Claimed } from "./begin-analysis.ts";
import { keepAnswer, keepFailure } from "./keep-answer.ts";

/**
 * Reads a call's transcript and makes true what follows from it. Rung whenever a transcript arrived or a call became
 * final, as often as you like: the run's row decides whether there is anything to do. Three transactions, and the
 * question to the model between the first and the second.
 */
export async function analyseCall(
  ctx: Ctx,
  { callId }: { callId: string },
  signal?: AbortSignal,
): Promise<TaskResult> {
  const { model } = ctx.providers.openai;
  const begun = await ctx.db.tx((tx) => beginAnalysis(tx, callId, model));
  if (begun.kind === "nothing") return;
  failpoint("analysis.begun");
  if (begun.kind === "ask") {
    const asked = await ask(ctx, begun.run, signal);
    if (asked !== "answered") return asked;
  }
  failpoint("analysis.kept");
  await ctx.db.tx((tx) => applyAnalysis(tx, callId));
}

async function ask(ctx: Ctx, run: Claimed, signal?: AbortSignal): Promise<"answered" | TaskResult> {
  const { openai } = ctx.providers;
  const end = await openai.analyse(run.question, {
    safetyIdentifier: createHash("sha256").update(ctx.user.id).digest("hex"),
    // An answer that was cut off gets more room.
    outputTokens: OUTPUT_TOKENS * 2 ** Math.min(run.attempt - 1, 3),
    signal,
  });
  failpoint("analysis.answered");
  if (end.kind === "ok") {
    const kept = await ctx.db.tx((tx) => keepAnswer(tx, run, end, openai.model));
    return kept ? "answered" : undefined;
  }
  const planned = afterFailure(end, run.attempt);
  const waitSeconds = planned.waitSeconds === null ? null : planned.waitSeconds * ctx.config.leaseScale;
  const then = { ...planned, waitSeconds };
  ctx.log.warn(
    {
      "call.id": run.callId,
      "user.id": ctx.user.id,
      "analysis.end": end.kind,
      "analysis.attempt": run.attempt,
      "request.id": end.requestId,
    },
    `[Leads] OpenAI Analysis Failed: ${then.reason}`,
  );
  await ctx.db.tx((tx) => keepFailure(tx, run, end, then, openai.model));
  return then.waitSeconds === null ? undefined : { snoozeSeconds: then.waitSeconds };
}
