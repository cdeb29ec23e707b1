import type { Call } from "./call.ts";
import { isTerminal } from "@parley/core/calls/lifecycle";
import { EmptyState } from "@/ui/empty-state.tsx";
import { SectionHead } from "@/ui/section.tsx";
import { Since, Time } from "@/ui/time.tsx";

/** The frame of the recording while there is none, saying why and what happens next. */
export function NoRecording({ call }: { call: Call }) {
  return (
    <section aria-label="Recording" className="border-b border-line">
      <SectionHead title="Recording" />
      <p className="px-4 pb-3 text-ink-2 lg:px-5">
        <Why call={call} />
      </p>
    </section>
  );
}

function Why({ call }: { call: Call }) {
  if (call.endedAt === null) {
    return call.answeredAt ? (
      <>
        On the phone for <Since at={call.answeredAt} className="text-ink" />. The recording comes when they
        hang up.
      </>
    ) : (
      <>Nobody has picked up yet.</>
    );
  }
  if (call.recordingStatus === "fetching") {
    return (
      <>
        The recording is still being fetched from the provider
        {call.recordingNextAt && (
          <>
            , asked again at <Time at={call.recordingNextAt} />
          </>
        )}
        .
      </>
    );
  }
  if (call.recordingStatus === "missing")
    return <>The provider has no recording of this call, though somebody spoke.</>;
  if (!isTerminal(call.status)) return <>The provider has not told the end of the call yet.</>;
  return <>Nobody picked up, so there is nothing to hear.</>;
}

/** The same for the transcript. */
export const NoTranscript = ({ call }: { call: Call }) => (
  <EmptyState small title="No transcript">
    <p>
      {call.endedAt === null
        ? "It arrives when the call ends."
        : call.talkSeconds
          ? "The line was open, but the provider sent no words. The price follows the seconds, not the words."
          : "Nobody spoke."}
    </p>
  </EmptyState>
);
