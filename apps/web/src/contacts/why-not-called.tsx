import { reasonOf } from "@parley/core/reasons";
import { Hourglass } from "lucide-react";
import { useState } from "react";
import { ExplainDrawer } from "@/shell/explain-drawer.tsx";
import { useLiveQuery } from "@/shell/live.ts";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { useNow } from "@/ui/clock.ts";
import { duration } from "@/ui/format.ts";
import { BecauseStrip } from "@/ui/section.tsx";

/** A call that waits in line: since when, for what, and when it will be dropped. */
export function WhyNotCalled({ itemId }: { itemId: string }) {
  const now = useNow();
  const [asked, setAsked] = useState(false);
  const { data } = trpc.campaigns.items.useQuery({ itemId }, useLiveQuery());
  const item = data?.items[0];
  if (!item) return null;
  const left = item.expiresAt ? (Date.parse(item.expiresAt) - now) / 1000 : null;
  return (
    <>
      <BecauseStrip
        icon={<Hourglass className="size-4" strokeWidth={1.75} aria-hidden />}
        cause={item.status === "in_progress" ? "On the phone now." : reasonOf(item.waitReason ?? "due").text}
        levers={
          <Button look="link" onClick={() => setAsked(true)}>
            Why?
          </Button>
        }
      >
        {item.status === "pending" && left !== null && `Dropped in ${duration(left)} if no line comes free.`}
      </BecauseStrip>
      <ExplainDrawer item={asked ? item : null} onClose={() => setAsked(false)} />
    </>
  );
}
