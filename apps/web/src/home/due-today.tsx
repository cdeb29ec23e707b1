import { useLiveQuery } from "@/shell/live.ts";
import { TaskLines } from "@/shell/task-lines.tsx";
import { trpc } from "@/trpc.ts";
import { SectionHead } from "@/ui/section.tsx";
import { plural } from "@/ui/format.ts";

const SHOWN = 6;

/** Agreed times and other tasks up to midnight, of people and agents; nothing is shown on a day without any. */
export function DueToday({ now }: { now: string }) {
  const midnight = new Date(now);
  midnight.setHours(24, 0, 0, 0);
  const dueBefore = midnight.toISOString();
  const { data } = trpc.tasks.list.useQuery({ dueBefore, limit: 50 }, useLiveQuery());
  if (!data || data.items.length === 0) return null;
  const agents = data.items.filter(({ agentCalls }) => agentCalls).length;
  return (
    <section aria-label="Due today" className="min-w-0 border-b border-line">
      <SectionHead
        title="Due today"
        count={data.nextCursor ? "50+" : data.items.length}
        note={agents > 0 ? `${plural(agents, "call")} the agents keep` : undefined}
      />
      <TaskLines tasks={data.items.slice(0, SHOWN)} withContact />
      {data.items.length > SHOWN && (
        <p className="border-t border-line px-4 py-2 text-xs text-ink-3 lg:px-5">
          {data.items.length - SHOWN} more later today
        </p>
      )}
    </section>
  );
}
