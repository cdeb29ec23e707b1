import { shownStages } from "@parley/core/calls/lifecycle";
import type { Call } from "./call.ts";
import { callSigns, withheldNumber } from "@parley/core/calls/words";
import { leadOutcomeWords } from "@parley/core/leads/words";
import { Link, useParams, useRouter, useSearch } from "@tanstack/react-router";
import { Braces } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { http, paths } from "@/paths.ts";
import { useLiveQuery } from "@/shell/live.ts";
import { Page } from "@/shell/page.tsx";
import { CallStatus } from "@/signs/call-status.tsx";
import { OutcomeGlyph, outcomeSigns } from "@/signs/outcome.tsx";
import { trpc } from "@/trpc.ts";
import { Badge } from "@/ui/badge.tsx";
import type { Tone } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { count, duration, moment } from "@/ui/format.ts";
import { useNow } from "@/ui/clock.ts";
import { Time } from "@/ui/time.tsx";
import { AnalysisPanel } from "./analysis-panel.tsx";
import { CallActions } from "./call-actions.tsx";
import { CallFacts } from "./call-facts.tsx";
import { EventsDrawer } from "./events-drawer.tsx";
import { PlayerControls } from "./player.tsx";
import { NoRecording, NoTranscript } from "./recording-states.tsx";
import { StageRail } from "./stage-rail.tsx";
import { Transcript } from "./transcript.tsx";
import { evidenceByTurn, pinsOf } from "./evidence.ts";
import { turnsOf } from "./turns.ts";
import { useFieldNames } from "./use-field-names.ts";
import { usePeaks, usePlayer } from "./use-recording.ts";
import { Waveform } from "./waveform.tsx";

const tones: Partial<Record<NonNullable<Call["outcome"]>, Tone>> = {
  answered: "ok",
  failed: "bad",
  unclear: "odd",
};

/** One attempt: how it went stage by stage, what was said, what it came to, what it cost, why it was allowed. */
export function CallPage() {
  const { callId } = useParams({ from: "/shell/calls/$callId" });
  const [call] = trpc.calls.get.useSuspenseQuery({ callId }, useLiveQuery());
  return <CallView key={call.id} call={call} />;
}

function CallView({ call }: { call: Call }) {
  const { t } = useSearch({ from: "/shell/calls/$callId" });
  const router = useRouter();
  const now = useNow();
  const [showEvents, setShowEvents] = useState(false);

  const url = call.recordingReady ? http.recording(call.id) : null;
  const { peaks } = usePeaks(url);
  const player = usePlayer(peaks);
  const seconds = player.seconds || call.conversationSeconds || call.talkSeconds || 0;
  const turns = useMemo(() => turnsOf(call.transcript, seconds), [call.transcript, seconds]);
  const nameOf = useFieldNames(call.agentId);
  const evidence = useMemo(
    () => evidenceByTurn(turns, call.analysis, nameOf),
    [turns, call.analysis, nameOf],
  );

  // A link to a second opens there, once the length of the recording is known.
  const opened = useRef(false);
  useEffect(() => {
    if (t === undefined || opened.current || !seconds) return;
    opened.current = true;
    player.seek(t);
  }, [t, seconds, player]);

  const name = call.contactName ?? call.phoneNumber ?? withheldNumber;
  const person = call.contactName?.split(" ")[0] ?? "Person";
  const speaker = call.agentName.length > 8 ? (call.agentName.split(" ")[0] ?? "Agent") : call.agentName;
  const stageAt = new Map(call.stages.map((stage) => [stage.status, stage.at]));
  const last = call.stages.at(-1);
  const endedOtherwise =
    last && call.endedAt && !shownStages.includes(last.status as never)
      ? { word: callSigns[last.status].word, at: last.at }
      : null;
  const stages = shownStages
    .filter((status) => stageAt.has(status) || !endedOtherwise)
    .map((status) => ({ status, at: stageAt.get(status) ?? null }));
  const earlier = call.attempts.filter((attempt) => attempt.attempt < call.attempt).at(-1);
  const leadWord = call.analysis?.outcome ? leadOutcomeWords[call.analysis.outcome] : null;

  return (
    <Page
      fixed
      contextOnPhone
      crumbs={[{ label: "Calls", link: paths.calls() }, { label: `${name}, ${moment(call.createdAt, now)}` }]}
      title={name}
      heading={
        call.contactId ? (
          <Link {...paths.contact(call.contactId)} className="quiet-link">
            {call.contactName ?? <span className="mono">{call.phoneNumber}</span>}
          </Link>
        ) : (
          name
        )
      }
      badge={
        call.outcome ? (
          <Badge tone={tones[call.outcome] ?? "plain"} glyph={<OutcomeGlyph outcome={call.outcome} />}>
            {outcomeSigns[call.outcome].word}
          </Badge>
        ) : (
          <CallStatus status={call.status} />
        )
      }
      context={
        <>
          {call.contactName && <span className="mono">{call.phoneNumber} </span>}
          {leadWord && <span className="text-ink">{leadWord}, </span>}
          {call.talkSeconds ? <>talked {duration(call.talkSeconds)}, </> : null}
          try {count(call.attempt)}
          {call.campaignId && (
            <>
              {" in "}
              <Link {...paths.campaign(call.campaignId)} className="quiet-link text-ink">
                {call.campaignName}
              </Link>
            </>
          )}
          {!call.campaignId && (call.direction === "inbound" ? ", they called" : ", direct call")} by{" "}
          {call.agentName}
        </>
      }
      actions={<CallActions call={call} earlier={earlier?.id ?? null} />}
      strip={
        <StageRail
          stages={stages}
          ended={endedOtherwise}
          aside={
            <Button look="link" size="sm" icon={Braces} onClick={() => setShowEvents(true)}>
              {count(call.events.length)} events, raw
            </Button>
          }
        />
      }
    >
      <div className="grid lg:min-h-0 lg:grow lg:grid-cols-[minmax(0,1fr)_400px] xl:grid-cols-[minmax(0,1fr)_472px]">
        <div className="flex min-w-0 flex-col lg:min-h-0 lg:border-r lg:border-line">
          {url ? (
            <section aria-label="Recording" className="border-b border-line px-4 pb-2.5 pt-3 lg:px-5">
              {/* The transcript below follows the recording turn by turn: it is the caption. */}
              {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
              <audio src={url} preload="metadata" {...player.audioProps} />
              <Waveform
                peaks={peaks}
                turns={turns}
                at={player.at}
                seconds={seconds}
                agentName={speaker}
                personName={person}
                pins={pinsOf(turns, evidence)}
                onSeek={player.seek}
              />
              <PlayerControls
                player={player}
                url={url}
                linkAt={(at) => location.origin + router.buildLocation({ ...paths.call(call.id, at) }).href}
              />
            </section>
          ) : (
            <NoRecording call={call} />
          )}
          <Transcript
            turns={turns}
            note={`${call.transcriptFinal ? "final" : "not final yet"}, ${count(turns.length)} turns; times are estimated`}
            at={player.at}
            playing={player.playing}
            agentName={speaker}
            personName={person}
            evidence={evidence}
            onSeek={player.seek}
            empty={<NoTranscript call={call} />}
          />
        </div>
        <aside
          aria-label="What it came to"
          className="min-w-0 max-lg:border-t max-lg:border-line lg:min-h-0 lg:overflow-y-auto"
          tabIndex={0}
          data-inset-focus
        >
          <AnalysisPanel call={call} turns={turns} nameOf={nameOf} onSeek={player.seek} />
          <CallFacts call={call} />
          <p className="px-4 py-3 text-xs text-ink-3 lg:hidden">
            <Button look="link" size="sm" onClick={() => setShowEvents(true)}>
              {count(call.events.length)} events, raw
            </Button>{" "}
            since <Time at={call.createdAt} />
          </p>
        </aside>
      </div>
      <EventsDrawer call={call} open={showEvents} onOpenChange={setShowEvents} />
    </Page>
  );
}
