import { isReasonCode, reasonOf } from "@parley/core/reasons";
import { outcomeSigns } from "@parley/core/calls/words";
import { Check, Minus, X } from "lucide-react";
import { ItemStatusWord } from "@/signs/item-status.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Drawer } from "@/ui/dialog.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { plural } from "@/ui/format.ts";
import { Time } from "@/ui/time.tsx";
import type { Item } from "@parley/core/campaigns/schema";

type Ended = Pick<Item, "status" | "lastOutcome" | "attempts">;

const verdicts = {
  dial: "Would be dialled now",
  defer: "Waits",
  skip: "Will not be dialled",
  done: "Nothing more is dialled",
} as const;

/** What an ended item came to: an end, not a fault. */
function endOf({ status, lastOutcome, attempts }: Ended): string {
  const last = lastOutcome ? outcomeSigns[lastOutcome].word.toLowerCase() : null;
  const tries = plural(attempts, "try", "tries");
  if (status === "skipped") return "It was skipped; what kept it from being called stands among the checks.";
  if (status === "canceled")
    return last ? `Canceled after ${tries}: ${last}.` : "Canceled before it was dialled.";
  if (status === "failed") return last ? `Given up after ${tries}; the last one: ${last}.` : "Given up.";
  return last ? `Done after ${tries}: ${last}.` : "Done.";
}

/** Every question the dispatcher asks about one person, with its answer and when it will be yes. */
export function ExplainDrawer({
  item,
  onClose,
}: {
  item: Pick<Item, "id" | "contactName" | "phoneNumber" | "status" | "lastOutcome" | "attempts"> | null;
  onClose: () => void;
}) {
  const { data, error } = trpc.campaigns.explain.useQuery(
    { itemId: item?.id ?? "" },
    { enabled: item !== null },
  );
  return (
    <Drawer
      open={item !== null}
      onOpenChange={(open) => !open && onClose()}
      title={item ? (item.contactName ?? item.phoneNumber) : ""}
      aside={item && <ItemStatusWord status={item.status} />}
    >
      {error ? (
        <p role="alert" className="px-5 py-4 text-bad-ink">
          {refusal(error).message}
        </p>
      ) : data ? (
        <>
          <div className="border-b border-line bg-sunken px-5 py-3">
            <p className="font-medium">
              {item?.status === "in_progress" ? "On the phone now" : verdicts[data.verdict]}
              {data.until && item?.status !== "in_progress" && (
                <>
                  {" "}
                  until <Time at={data.until} />
                </>
              )}
            </p>
            {item && data.verdict === "done" && item.status !== "in_progress" ? (
              <p className="text-ink-2">{endOf(item)}</p>
            ) : item?.status === "in_progress" ? (
              <p className="text-ink-2">The questions below are asked again when the call has ended.</p>
            ) : (
              data.reason &&
              isReasonCode(data.reason) && (
                <p className="text-ink-2">
                  {reasonOf(data.reason).text} {reasonOf(data.reason).next}
                </p>
              )
            )}
          </div>
          <ol>
            {data.checks.map((check) => (
              <li key={check.name} className="flex gap-2.5 border-b border-line px-5 py-2">
                {check.name === "item" && data.verdict === "done" ? (
                  <Minus
                    className="mt-0.5 size-4 shrink-0 text-ink-3"
                    strokeWidth={1.75}
                    aria-label="Ended"
                  />
                ) : check.ok ? (
                  <Check className="mt-0.5 size-4 shrink-0 text-ok-ink" strokeWidth={1.75} aria-label="Yes" />
                ) : (
                  <X className="mt-0.5 size-4 shrink-0 text-bad-ink" strokeWidth={1.75} aria-label="No" />
                )}
                <div className="min-w-0 grow">
                  <p className="font-medium first-letter:uppercase">{check.name.replaceAll("_", " ")}</p>
                  <p className="text-ink-2">
                    {item && check.name === "item" && data.verdict === "done" ? endOf(item) : check.detail}
                  </p>
                </div>
                {check.trueAgainAt && (
                  <span className="whitespace-nowrap text-xs text-ink-3">
                    yes at <Time at={check.trueAgainAt} />
                  </span>
                )}
              </li>
            ))}
          </ol>
          <p className="px-5 py-3 text-xs text-ink-3">
            The dispatcher asks the same questions in the same words; this is its answer, not a guess.
          </p>
        </>
      ) : (
        <SkeletonRows rows={8} columns={2} />
      )}
    </Drawer>
  );
}
