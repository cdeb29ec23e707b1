import { analysable } from "./analysable.ts";
import type { Call } from "./call.ts";
import { dimensions, mostScore } from "@parley/core/leads/grade";
import { dimensionWords, leadOutcomeWords, sentimentWords, unreadableWords } from "@parley/core/leads/words";
import { CircleAlert } from "lucide-react";
import { useState } from "react";
import { useRefused } from "@/shell/me.ts";
import { Level, TemperatureBadge } from "@/signs/temperature.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { count, delta, duration } from "@/ui/format.ts";
import { Fact, Facts, Section, SectionHead } from "@/ui/section.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { Time } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.ts";
import { CorrectDialog } from "./correct-dialog.tsx";
import { turnOfEvidence } from "./turns.ts";
import type { Turn } from "./turns.ts";

/** What the conversation was read to mean, each reading with its reason and the second it was said. */
export function AnalysisPanel({
  call,
  turns,
  nameOf,
  onSeek,
}: {
  call: Call;
  turns: Turn[];
  /** What the agent calls a field of its extraction. */
  nameOf: (key: string) => string;
  onSeek: (seconds: number) => void;
}) {
  const { analysis } = call;
  const refused = useRefused("leads.reanalyse");
  const correctRefused = useRefused("leads.correct");
  const [correcting, setCorrecting] = useState(false);
  const utils = trpc.useUtils();
  const again = trpc.leads.reanalyse.useMutation({
    onSuccess: () => {
      void utils.calls.get.invalidate({ callId: call.id });
      toast.done("The conversation is being read again");
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  const runAgain = (
    <Button
      look="link"
      size="sm"
      busy={again.isPending}
      disabledReason={refused ?? analysable(call)}
      onClick={() => again.mutate({ callId: call.id })}
    >
      {analysis ? "Run again" : "Run"}
    </Button>
  );

  if (!analysis || analysis.status === "skipped") {
    return (
      <Section title="Analysis" aside={runAgain} className="border-b border-line">
        <p className="px-4 pb-3 text-ink-2 lg:px-5">
          {analysis?.reason
            ? (unreadableWords[analysis.reason as keyof typeof unreadableWords] ?? analysis.reason)
            : call.endedAt === null
              ? "Read as soon as there is a transcript, usually seconds after hanging up."
              : "Nobody spoke, so there is nothing to read."}
        </p>
      </Section>
    );
  }
  if (analysis.status === "pending" || analysis.status === "running") {
    return (
      <Section title="Analysis" note="being read" className="border-b border-line">
        <div
          className="space-y-2 px-4 pb-3 lg:px-5"
          role="status"
          aria-label="The conversation is being read"
        >
          <Skeleton className="h-5 w-24" />
          <Skeleton className="w-full" />
          <Skeleton className="w-4/5" />
        </div>
      </Section>
    );
  }
  if (analysis.status === "failed") {
    return (
      <Section title="Analysis" aside={runAgain} className="border-b border-line">
        <p className="flex gap-2 px-4 pb-3 text-bad-ink lg:px-5">
          <CircleAlert className="mt-0.5 size-4 shrink-0" strokeWidth={1.75} aria-hidden />
          <span>
            The conversation could not be read: {analysis.reason ?? "no reason was given"}.{" "}
            <span className="text-ink-2">Run it again; nothing else of the call is affected.</span>
          </span>
        </p>
      </Section>
    );
  }

  const seekTo = (evidence: string | null | undefined) => {
    const turn = evidence ? turns[turnOfEvidence(turns, evidence)] : undefined;
    return turn ? (
      <button
        type="button"
        onClick={() => onSeek(turn.from)}
        aria-label={`Play from ${duration(turn.from)}`}
        className="mono min-h-6 text-accent-ink hover:underline"
      >
        {duration(turn.from)}
      </button>
    ) : null;
  };

  return (
    <>
      <section aria-label="Analysis" className="border-b border-line">
        <SectionHead
          title="Analysis"
          note={
            analysis.analysedAt && (
              <>
                <Time at={analysis.analysedAt} />, {analysis.model}, prompt {analysis.promptVersion}
              </>
            )
          }
          aside={
            <>
              <Button
                look="link"
                size="sm"
                disabledReason={correctRefused}
                onClick={() => setCorrecting(true)}
              >
                Correct
              </Button>
              {runAgain}
            </>
          }
        />
        {correcting && (
          <CorrectDialog callId={call.id} analysis={analysis} onClose={() => setCorrecting(false)} />
        )}
        <div className="px-4 pb-3 lg:px-5">
          <div className="mb-2 flex flex-wrap items-center gap-x-4 gap-y-1">
            {analysis.score !== null && (
              <span className="tnum text-xl font-semibold">
                {analysis.score}
                <span className="text-md font-normal text-ink-3"> of {mostScore}</span>
              </span>
            )}
            {analysis.temperature && <TemperatureBadge temperature={analysis.temperature} />}
            {analysis.outcome && <span>{leadOutcomeWords[analysis.outcome]}</span>}
            {analysis.sentiment && (
              <span className="text-ink-2">
                {sentimentWords[analysis.sentiment]}{" "}
                {analysis.sentimentScore !== null && (
                  <span className="tnum text-ink">
                    {delta(Math.round(analysis.sentimentScore * 100) / 100)}
                  </span>
                )}
              </span>
            )}
          </div>
          {analysis.summary && <p className="mb-2">{analysis.summary}</p>}
          {analysis.levels && (
            <ul>
              {dimensions.map((dimension) => {
                const read = analysis.levels?.[dimension];
                return (
                  read && (
                    <li
                      key={dimension}
                      className="grid min-h-6 grid-cols-[84px_46px_minmax(0,1fr)_auto] items-baseline gap-x-3 py-px"
                    >
                      <span className="text-ink-2">{dimensionWords[dimension]}</span>
                      <Level level={read.level} name={dimensionWords[dimension]} />
                      <span className="min-w-0 text-ink-2 sm:truncate" title={read.reason}>
                        {read.reason}
                      </span>
                      {seekTo(read.reason)}
                    </li>
                  )
                );
              })}
            </ul>
          )}
          {analysis.doNotCall && (
            <p className="mt-2 rounded-sm bg-warn-tint px-2 py-1 text-warn-ink">
              Asked never to be called again. The number was suppressed at once.
            </p>
          )}
        </div>
      </section>
      {analysis.extracted.length > 0 && (
        <Section
          title="Extracted"
          note={`${count(analysis.extracted.length)} ${analysis.extracted.length === 1 ? "field" : "fields"}`}
          className="border-b border-line"
        >
          <Facts>
            {analysis.extracted.map((field) => (
              <Fact key={field.key} name={nameOf(field.key)} aside={seekTo(field.evidence)}>
                {field.value}
              </Fact>
            ))}
          </Facts>
        </Section>
      )}
      {(analysis.meetingAt || analysis.callbackAt) && (
        <section
          aria-label="Next"
          className="flex min-h-10 flex-wrap items-center gap-x-2 border-b border-line px-4 lg:px-5"
        >
          <h2 className="font-semibold">{analysis.meetingAt ? "Meeting" : "Call back"}</h2>
          <Time at={analysis.meetingAt ?? analysis.callbackAt ?? ""} />
          <span className="text-ink-3">agreed in this call</span>
        </section>
      )}
    </>
  );
}
