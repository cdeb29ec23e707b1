import type { HomeSummary } from "@parley/core/home/schema";
import { Sparkline } from "@/charts/sparkline.tsx";
import { paths } from "@/paths.ts";
import { Go } from "@/shell/go.tsx";
import { attemptsOf } from "@/signs/counts.ts";
import { cn } from "@/ui/cn.ts";
import { useNow } from "@/ui/clock.ts";
import { clockTime, count, plural, share, span } from "@/ui/format.ts";
import { KeyFigure, KeyFigures } from "@/ui/key-figures.tsx";

/** Six numbers, each a door. */
export function TodayFigures({ summary }: { summary: HomeSummary }) {
  const now = useNow();
  const { lines, live, queue, today, yesterday, credits, series } = summary;
  const unknown = live.byStatus.find((entry) => entry.status === "unknown")?.count ?? 0;
  const until = clockTime(now);
  const rates = series
    .filter((hour) => attemptsOf(hour.byOutcome) > 0)
    .map((hour) => hour.byOutcome.answered / attemptsOf(hour.byOutcome));

  return (
    <KeyFigures label="Key figures" count={6}>
      <KeyFigure
        label="Lines in use"
        figure={count(lines.used)}
        unit={`of ${count(lines.limit)}`}
        note={
          lines.used === 0
            ? "nobody on the phone"
            : unknown === 0
              ? plural(lines.used, "call")
              : `${plural(lines.used - unknown, "call")}, ${count(unknown)} unknown`
        }
        drawing={<LineMarks summary={summary} />}
        render={(cell) => <Go place={paths.calls({ open: true })} {...cell} />}
      />
      <KeyFigure
        label="Due now"
        figure={count(queue.due)}
        note={
          queue.oldestDueAt
            ? `oldest waits ${span((now - Date.parse(queue.oldestDueAt)) / 1000)}`
            : queue.waiting > 0
              ? `${count(queue.waiting)} due later`
              : "nobody waits"
        }
        render={(cell) => <Go place={paths.campaigns({ status: "running" })} {...cell} />}
      />
      <KeyFigure
        label="Answered today"
        figure={share(today.answered, today.finished)}
        note={`${count(today.answered)} of ${plural(today.finished, "call")}`}
        drawing={<Sparkline values={rates} />}
        render={(cell) => <Go place={paths.calls({ outcome: "answered" })} {...cell} />}
      />
      <KeyFigure
        label="Booked today"
        figure={count(today.bookings)}
        note={`${count(yesterday.bookings)} yesterday by ${until}`}
        render={(cell) => <Go place={paths.leads({ outcome: "appointment" })} {...cell} />}
      />
      <KeyFigure
        label="Spent today"
        figure={count(today.spent)}
        unit="credits"
        note={
          credits.held > 0
            ? `${count(credits.held)} more on hold`
            : `${count(yesterday.spent)} yesterday by ${until}`
        }
        render={(cell) => <Go place={paths.credits({ kind: "call" })} {...cell} />}
      />
      <KeyFigure
        label="Credit runway"
        figure={
          credits.daysLeft === null ? "–" : credits.daysLeft >= 100 ? "99+" : credits.daysLeft.toFixed(1)
        }
        unit={credits.daysLeft === null ? undefined : "days"}
        note={`${count(credits.available)} credits left`}
        render={(cell) => <Go place={paths.credits()} {...cell} />}
      />
    </KeyFigures>
  );
}

/** One mark per line, up to a dozen: talking, busy otherwise, unknown, free. */
function LineMarks({ summary: { lines } }: { summary: HomeSummary }) {
  if (lines.limit > 12) return null;
  const marks = Array.from(
    { length: Math.max(lines.limit, lines.items.length) },
    (_, index) => lines.items[index],
  );
  return (
    <span className="flex gap-[3px] pb-1.5" aria-hidden>
      {marks.map((line, index) => (
        <span
          key={index}
          className={cn(
            "h-3 w-1.5 rounded-xs",
            !line
              ? "bg-line-2"
              : line.status === "in-progress"
                ? "bg-o-answered"
                : line.status === "unknown"
                  ? "bg-odd"
                  : "bg-line-3",
          )}
        />
      ))}
    </span>
  );
}
