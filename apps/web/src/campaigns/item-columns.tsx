import { reasonText } from "@parley/core/reasons";
import { Link } from "@tanstack/react-router";
import { paths } from "@/paths.ts";
import { ItemStatusWord } from "@/signs/item-status.tsx";
import { AttemptDots, OutcomeWord } from "@/signs/outcome.tsx";
import type { Outcome } from "@/signs/outcome.tsx";
import { briefReason } from "@/signs/reason.ts";
import type { Column } from "@/table/columns.tsx";
import { count } from "@/ui/format.ts";
import { None } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";
import type { Item } from "./campaign.ts";

/** What a person waits for, or why nothing more is dialled. */
export function whyOf(item: Item): string | null {
  const code =
    item.status === "pending" ? item.waitReason : item.status === "skipped" ? item.skipReason : null;
  if (code) return briefReason(code);
  if (item.status === "pending") return "Due, no free line";
  if (item.status === "failed")
    return item.attempts === 1 ? "Its one try is used" : `All ${count(item.attempts)} tries used`;
  return null;
}

/** The same as a sentence with the next step. */
function sentenceOf(item: Item): string | undefined {
  const code = item.status === "pending" ? (item.waitReason ?? "due") : item.skipReason;
  return code ? reasonText(code) : undefined;
}

export const triesOf = (item: Item) => (
  <AttemptDots
    made={item.tries.filter((outcome): outcome is Outcome => outcome !== null)}
    onThePhone={item.status === "in_progress"}
    left={
      item.status === "pending" || item.status === "in_progress"
        ? Math.max(
            0,
            item.attemptsMax -
              item.tries.length -
              (item.status === "in_progress" && !item.tries.includes(null) ? 1 : 0),
          )
        : 0
    }
  />
);

export const itemColumns = (): Column<Item>[] => [
  {
    id: "contact",
    head: "Contact",
    width: "minmax(170px, 1.6fr)",
    fixed: true,
    cell: (item) => (
      <Link
        {...paths.contact(item.contactId)}
        className="quiet-link font-medium"
        title={item.contactName ?? undefined}
      >
        {item.contactName ?? <span className="mono">{item.phoneNumber}</span>}
        {item.kind === "callback" && <span className="text-xs font-normal text-ink-3"> callback</span>}
      </Link>
    ),
  },
  {
    id: "phone",
    head: "Phone",
    width: "132px",
    optional: true,
    cell: (item) => <span className="mono text-ink-2">{item.phoneNumber}</span>,
  },
  { id: "status", head: "Status", width: "132px", cell: (item) => <ItemStatusWord status={item.status} /> },
  { id: "tries", head: "Tries", width: "72px", cell: triesOf },
  {
    id: "why",
    head: "Why waiting or ended",
    width: "minmax(140px, 2fr)",
    cell: (item) => {
      const why = whyOf(item);
      return why ? (
        <span className="text-ink-2" title={sentenceOf(item)}>
          {why}
        </span>
      ) : (
        <None />
      );
    },
  },
  {
    id: "next",
    head: "Next try",
    width: "92px",
    cell: (item) => (item.status === "pending" && item.dueAt ? <Time at={item.dueAt} /> : <None />),
  },
  {
    id: "last",
    head: "Last outcome",
    width: "120px",
    from: "xl",
    cell: (item) =>
      item.lastOutcome ? (
        item.lastCallId ? (
          <Link {...paths.call(item.lastCallId)} className="quiet-link">
            <OutcomeWord outcome={item.lastOutcome} />
          </Link>
        ) : (
          <OutcomeWord outcome={item.lastOutcome} />
        )
      ) : (
        <None />
      ),
  },
  {
    id: "score",
    head: "Score",
    width: "60px",
    align: "right",
    from: "xl",
    cell: (item) => (item.score === null ? <None /> : count(item.score)),
  },
  { id: "spent", head: "Credits", width: "68px", align: "right", cell: (item) => count(item.spent) },
];
