import { LocateFixed } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { useShortcuts } from "@/shell/shortcuts.ts";
import { Chip } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { cn } from "@/ui/cn.ts";
import { duration } from "@/ui/format.ts";
import { SearchInput } from "@/ui/input.tsx";
import { SectionHead } from "@/ui/section.tsx";
import { marked, turnAt } from "./turns.ts";
import type { Turn } from "./turns.ts";

/**
 * What was said, turn by turn, moving with the recording until the reader scrolls. A click on a turn plays it; `f`
 * finds words.
 */
export function Transcript({
  turns,
  note,
  at,
  playing,
  agentName,
  personName,
  evidence,
  onSeek,
  empty,
}: {
  turns: Turn[];
  note: string;
  at: number;
  playing: boolean;
  agentName: string;
  personName: string;
  /** Tags of the turns that gave evidence, by their index. */
  evidence: Map<number, string[]>;
  onSeek: (seconds: number) => void;
  empty: ReactNode;
}) {
  const [sought, setSought] = useState("");
  const [following, setFollowing] = useState(true);
  const list = useRef<HTMLOListElement>(null);
  const find = useRef<HTMLInputElement>(null);
  const byHand = useRef(false);
  const current = at > 0 || playing ? turnAt(turns, at) : -1;
  const hits =
    sought.trim() === ""
      ? []
      : turns.flatMap((turn, index) =>
          turn.text.toLowerCase().includes(sought.trim().toLowerCase()) ? [index] : [],
        );

  useShortcuts([
    { keys: "f", label: "Find in the transcript", group: "Recording", run: () => find.current?.focus() },
  ]);

  const show = (index: number) => {
    const row = list.current?.children[index];
    if (!(row instanceof HTMLElement) || !list.current) return;
    byHand.current = false;
    const top = row.offsetTop - list.current.offsetTop;
    if (list.current.scrollHeight > list.current.clientHeight) {
      list.current.scrollTo({ top: Math.max(0, top - list.current.clientHeight / 3), behavior: "smooth" });
    }
  };
  useEffect(() => {
    if (following && current >= 0) show(current);
  }, [current, following]);
  const firstHit = hits[0];
  useEffect(() => {
    if (firstHit !== undefined) show(firstHit);
  }, [firstHit]);

  if (turns.length === 0) return empty;
  return (
    <>
      <SectionHead
        title="Transcript"
        note={note}
        aside={
          <>
            <SearchInput
              ref={find}
              label="Find in the transcript"
              placeholder="Find"
              value={sought}
              onValue={setSought}
              className="w-36 sm:w-48"
              trailing={
                sought.trim() !== "" && (
                  <span className="tnum whitespace-nowrap text-ink-3">
                    {hits.length} {hits.length === 1 ? "turn" : "turns"}
                  </span>
                )
              }
            />
            <Button
              look="ghost"
              size="sm"
              icon={LocateFixed}
              aria-pressed={following}
              className="max-lg:hidden"
              onClick={() => setFollowing(!following)}
            >
              {following ? "Following" : "Follow"}
            </Button>
          </>
        }
      />
      <ol
        ref={list}
        tabIndex={0}
        aria-label="Transcript"
        data-inset-focus
        className="min-h-0 grow border-t border-line px-2 py-1.5 lg:overflow-y-auto lg:px-3"
        onWheel={() => {
          if (playing) setFollowing(false);
        }}
      >
        {turns.map((turn, index) => {
          const name = turn.speaker === "agent" ? agentName : personName;
          const ink = turn.speaker === "agent" ? "text-ink-2" : "text-ok-ink";
          const tags = evidence.get(index) ?? [];
          return (
            <li
              key={index}
              aria-current={index === current || undefined}
              className={cn(
                "relative grid grid-cols-[44px_minmax(0,1fr)] gap-x-3 rounded-md px-2 py-[5px] sm:grid-cols-[44px_64px_minmax(0,1fr)_auto]",
                index === current ? "bg-selected" : "hover:bg-hover",
              )}
            >
              <button
                type="button"
                onClick={() => onSeek(turn.from)}
                aria-label={`Play from ${duration(turn.from)}`}
                className="mono self-start pt-px text-left text-ink-3 after:absolute after:inset-0 hover:text-ink"
              >
                {duration(turn.from)}
              </button>
              <span className={cn("truncate font-medium max-sm:hidden", ink)}>{name}</span>
              <p className="relative select-text text-ink max-sm:col-start-2">
                <span className={cn("block font-medium sm:hidden", ink)}>{name} </span>
                {marked(turn.text, sought.trim()).map((part, place) =>
                  part.hit ? (
                    <mark key={place} className="rounded-xs bg-accent-line text-ink">
                      {part.text}
                    </mark>
                  ) : (
                    part.text
                  ),
                )}
              </p>
              {tags.length > 0 && (
                <span className="flex flex-wrap items-start justify-end gap-1 max-sm:col-start-2 max-sm:justify-start">
                  {tags.map((tag) => (
                    <Chip key={tag}>{tag}</Chip>
                  ))}
                </span>
              )}
            </li>
          );
        })}
      </ol>
    </>
  );
}
