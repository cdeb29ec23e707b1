import { reasonOf } from "@parley/core/reasons";
import { useLiveQuery } from "@/shell/live.ts";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { count, duration, exactly, plural } from "@/ui/format.ts";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Time } from "@/ui/time.tsx";

const words: Record<string, string> = {
  created: "Made",
  updated: "Edited",
  started: "Started",
  scheduled: "Scheduled",
  launched: "List put into the queue",
  paused: "Paused",
  resumed: "Resumed",
  completed: "Completed",
  canceled: "Stopped for good",
  duplicated: "Duplicated",
  breaker: "Paused itself: too many failures",
  blocked: "Waits for money",
  budget_near: "Four fifths of the budget are used",
  redialled: "Some called again",
  archived: "Archived",
  restored: "Taken out of the archive",
};

const nameOf = (kind: string): string => {
  const verb = kind.split(".").at(-1) ?? kind;
  return words[verb] ?? verb.replaceAll("_", " ");
};

const fieldWord = (field: string): string => field.replace(/([A-Z])/g, " $1").toLowerCase();

/** A value of an edit, short; what is made of parts is only said to have changed. */
const valueWord = (value: unknown): string =>
  value === null
    ? "none"
    : typeof value === "object"
      ? "…"
      : typeof value === "number"
        ? count(value)
        : String(value);

/** What stands in an event's detail, as people say it; what has no words here is for programs. */
const phrases: Record<string, (value: never) => string | null> = {
  people: (people: number) => plural(people, "person", "people"),
  withoutNumber: (people: number) => (people > 0 ? `${count(people)} without a number` : null),
  attempts: (attempts: number) => `the last ${plural(attempts, "attempt")}`,
  failed: (failed: number) => `${count(failed)} failed`,
  spent: (credits: number) => plural(credits, "credit"),
  talkSeconds: (seconds: number) => `${duration(seconds)} talked`,
  reason: (code: string) => reasonOf(code).text,
  message: (words: string) => words,
  at: (at: string) => exactly(at),
  scheduled: () => "at its start time",
  copyOf: () => "as a copy",
  redialOf: () => "for some of an ended campaign",
  changes: (changes: Record<string, [unknown, unknown]>) =>
    Object.entries(changes)
      .map(([field, [before, after]]) => `${fieldWord(field)} ${valueWord(before)} → ${valueWord(after)}`)
      .join("; "),
};

const detailOf = (detail: Record<string, unknown>): string =>
  Object.entries(detail)
    .flatMap(([key, value]) => (value === null ? [] : (phrases[key]?.(value as never) ?? [])))
    .join(", ");

/** Who did what to the campaign, and what it did by itself. */
export function CampaignEvents({ campaignId }: { campaignId: string }) {
  const query = trpc.campaigns.events.useInfiniteQuery(
    { campaignId, limit: 50 },
    { getNextPageParam: (page) => page.nextCursor, ...useLiveQuery() },
  );
  const events = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) return <SkeletonRows rows={6} columns={3} />;
  if (events.length === 0) {
    return (
      <EmptyState small title="Nothing has happened yet">
        <p>Starts, pauses, limits hit and edits are written here, each with who or what did it.</p>
      </EmptyState>
    );
  }
  return (
    <>
      <ol>
        {events.map((event) => (
          <li
            key={event.id}
            className="flex min-h-[var(--row)] flex-wrap items-baseline gap-x-4 border-b border-line px-4 py-1.5 lg:px-5"
          >
            <Time at={event.at} className="w-24 text-ink-3" />
            <span className="font-medium">{nameOf(event.kind)}</span>
            <span className="min-w-0 grow text-ink-2">{detailOf(event.detail)}</span>
            <span className="text-ink-3">{event.actor ?? "by itself"}</span>
          </li>
        ))}
      </ol>
      {query.hasNextPage && (
        <p className="px-4 py-3 lg:px-5">
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show earlier
          </Button>
        </p>
      )}
    </>
  );
}
