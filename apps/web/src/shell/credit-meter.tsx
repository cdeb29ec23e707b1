import { Link } from "@tanstack/react-router";
import { paths } from "@/paths.ts";
import { trpc } from "@/trpc.ts";
import { Bar } from "@/ui/bar.tsx";
import { count } from "@/ui/format.ts";
import { useLiveQuery } from "./live.ts";

/** What can still be spent, and what open calls hold of it. */
export function CreditMeter() {
  const { data } = trpc.billing.balance.useQuery({}, useLiveQuery());
  return (
    <Link
      {...paths.credits()}
      className="mx-2 mb-1 mt-2 block border-t border-line pt-2.5 text-xs text-ink-2 hover:text-ink max-xl:hidden"
    >
      <span className="flex justify-between">
        <span>Credits available</span>
        <span className="tnum font-medium text-ink">{data ? count(data.available) : "–"}</span>
      </span>
      <span className="mt-1.5 block h-1">
        {data && (
          <Bar
            height={3}
            total={Math.max(data.credits, 1)}
            parts={[
              { label: `${count(data.available)} available`, value: data.available, fill: "bg-ink-3" },
              { label: `${count(data.held)} on hold`, value: data.held, fill: "bg-warn" },
            ]}
          />
        )}
      </span>
      <span className="mt-1 block min-h-4 text-ink-3">
        {data && (data.held > 0 ? `${count(data.held)} on hold for open calls` : "nothing on hold")}
      </span>
    </Link>
  );
}
