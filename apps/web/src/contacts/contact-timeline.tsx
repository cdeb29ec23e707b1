import { useState } from "react";
import { useLiveQuery } from "@/shell/live.ts";
import { useRefused } from "@/shell/me.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Segmented } from "@/ui/choice.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { weekdayAndDay } from "@/ui/format.ts";
import { Textarea } from "@/ui/input.tsx";
import { SectionHead } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { toast } from "@/ui/toast.ts";
import { TimelineLine } from "./timeline-line.tsx";

const filters = {
  all: undefined,
  calls: ["call.placed", "call.received", "call.ended", "lead.analysed"],
  edits: [
    "contact.created",
    "contact.imported",
    "contact.edited",
    "contact.suppressed",
    "contact.unsuppressed",
    "consent.recorded",
    "consent.revoked",
  ],
  notes: [
    "note.added",
    "callback.agreed",
    "meeting.agreed",
    "task.created",
    "task.assigned",
    "task.moved",
    "task.done",
    "task.canceled",
  ],
} as const;
type Filter = keyof typeof filters;

/** A note for everybody who works with this person. */
function NoteComposer({ contactId }: { contactId: string }) {
  const utils = trpc.useUtils();
  const refused = useRefused("notes.add");
  const [body, setBody] = useState("");
  const add = trpc.notes.add.useMutation({
    onSuccess: () => {
      setBody("");
      void utils.timeline.invalidate();
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  if (refused) return null;
  return (
    <form
      className="flex items-end gap-2 border-t border-line px-4 py-2 lg:px-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (body.trim()) add.mutate({ contactId, body: body.trim() });
      }}
    >
      <Textarea
        rows={1}
        aria-label="Note"
        placeholder="Write a note"
        value={body}
        className="min-h-9 grow lg:min-h-7"
        onChange={(event) => setBody(event.target.value)}
      />
      <Button
        type="submit"
        busy={add.isPending}
        disabledReason={body.trim() === "" ? "Write something first." : null}
      >
        Add note
      </Button>
    </form>
  );
}

/** Everything that happened with a person, latest first, by day. */
export function ContactTimeline({ contactId, agentless }: { contactId: string; agentless: boolean }) {
  const [filter, setFilter] = useState<Filter>("all");
  const query = trpc.timeline.list.useInfiniteQuery(
    { contactId, limit: 50, ...(filters[filter] ? { kinds: [...filters[filter]] } : {}) },
    { getNextPageParam: (page) => page.nextCursor, ...useLiveQuery() },
  );
  const entries = query.data?.pages.flatMap((page) => page.items) ?? [];
  const days = new Map<string, typeof entries>();
  for (const entry of entries) {
    const day = weekdayAndDay(entry.at);
    days.set(day, [...(days.get(day) ?? []), entry]);
  }
  return (
    <section aria-label="Timeline">
      <SectionHead
        title="Timeline"
        aside={
          <Segmented
            label="Kind"
            value={filter}
            onValue={setFilter}
            options={[
              { value: "all", label: "All" },
              { value: "calls", label: "Calls" },
              { value: "notes", label: "Notes" },
              { value: "edits", label: "Edits" },
            ]}
          />
        }
      />
      <NoteComposer contactId={contactId} />
      {query.isPending ? (
        <SkeletonRows rows={6} columns={3} />
      ) : entries.length === 0 ? (
        <EmptyState small title="Nothing yet" className="border-t border-line">
          <p>
            {agentless
              ? "Calls, what was said in them, edits and suppressions will stand here. Press Call to begin."
              : "Nothing of this kind has happened."}
          </p>
        </EmptyState>
      ) : (
        [...days].map(([day, items]) => (
          <div key={day}>
            <h3 className="border-t border-line bg-sunken px-4 py-1 text-xs font-medium text-ink-3 lg:px-5">
              {day}
            </h3>
            <ol>
              {items.map((entry) => (
                <TimelineLine key={entry.id} entry={entry} />
              ))}
            </ol>
          </div>
        ))
      )}
      {query.hasNextPage && (
        <p className="border-t border-line px-4 py-3 lg:px-5">
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show earlier
          </Button>
        </p>
      )}
    </section>
  );
}
