import { defaultRate, pulses } from "@parley/core/calls/price";
import type { Rate } from "@parley/core/calls/price";
import { Bar } from "@/ui/bar.tsx";
import { count, plural } from "@/ui/format.ts";

/** What was held for a call, what it took, what went back: one bar, three words. */
export function MoneyBar({
  held,
  settled,
  waived,
  talkSeconds,
  rate = defaultRate,
}: {
  held: number;
  /** Null while the call is not settled. */
  settled: number | null;
  waived: number;
  talkSeconds: number | null;
  rate?: Rate;
}) {
  const released = settled === null ? 0 : Math.max(0, held - settled);
  const beats = talkSeconds === null ? null : pulses(talkSeconds, rate);
  return (
    <div className="px-4 pb-3 lg:px-5">
      <Bar
        height={8}
        label={
          settled === null
            ? `${count(held)} credits on hold`
            : `${count(settled)} of ${count(held)} held credits taken, ${count(released)} released`
        }
        total={Math.max(held, settled ?? 0, 1)}
        parts={
          settled === null
            ? [{ label: `Held ${count(held)}`, value: held, fill: "bg-warn", hatched: true }]
            : [
                { label: `Settled ${count(settled)}`, value: settled, fill: "bg-ink-2" },
                { label: `Released ${count(released)}`, value: released, fill: "bg-line", hatched: true },
              ]
        }
      />
      <div className="tnum mt-1.5 flex flex-wrap justify-between gap-x-4 text-ink-2">
        <span>Held {count(held)}</span>
        {settled === null ? (
          <span>Not settled yet</span>
        ) : (
          <>
            <span className="text-ink">
              Settled {count(settled)}
              {beats !== null && beats > 0 && (
                <span className="text-ink-3">
                  {" "}
                  {plural(beats, "pulse")} of {rate.pulseSeconds} s
                </span>
              )}
            </span>
            <span>{waived > 0 ? `Waived ${count(waived)}` : `Released ${count(released)}`}</span>
          </>
        )}
      </div>
    </div>
  );
}
