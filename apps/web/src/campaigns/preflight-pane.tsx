import { isOpenEverywhere } from "@parley/core/campaigns/window";
import type { WindowRule } from "@parley/core/campaigns/window";
import { reasonOf } from "@parley/core/reasons";
import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { HeatMap } from "@/charts/heat-map.tsx";
import type { Outputs } from "@/trpc.ts";
import { useNow } from "@/ui/clock.ts";
import { Bar } from "@/ui/bar.tsx";
import { clockTime, count, moment, plural, zoneCity } from "@/ui/format.ts";
import { Fact, Facts, Section, SectionHead } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { ForecastFacts } from "./forecast-line.tsx";

type Preflight = Outputs["campaigns"]["preflight"];

/** Who would be called, who would not and why, when each zone opens, when it would be done, what it can cost at most. */
export function PreflightPane({
  preflight,
  error,
  window,
}: {
  preflight: Preflight | null;
  error: string | null;
  window: WindowRule | null;
}) {
  if (error) {
    return (
      <p role="alert" className="px-4 py-4 text-bad-ink lg:px-5">
        {error}
      </p>
    );
  }
  if (!preflight) {
    return (
      <>
        <SectionHead title="Check" note="asking the rules" />
        <SkeletonRows rows={8} columns={2} />
      </>
    );
  }
  const skipped = preflight.audience - preflight.eligible;
  return (
    <div id="check" className="scroll-mt-2">
      <Section title="Check" className="border-b border-line">
        {preflight.problems.length === 0 ? (
          <p className="flex gap-2 px-4 pb-3 lg:px-5">
            <CircleCheck className="mt-0.5 size-4 shrink-0 text-ok-ink" strokeWidth={1.75} aria-hidden />
            Nothing stands in the way.
          </p>
        ) : (
          <ul>
            {preflight.problems
              .toSorted((a, b) => Number(b.blocking) - Number(a.blocking))
              .map((problem) => (
                <li
                  key={problem.code}
                  className="flex gap-2.5 border-t border-line px-4 py-2 first:border-t-0 lg:px-5"
                >
                  {problem.blocking ? (
                    <CircleAlert
                      className="mt-0.5 size-4 shrink-0 text-bad-ink"
                      strokeWidth={1.75}
                      aria-label="Blocks the start"
                    />
                  ) : (
                    <TriangleAlert
                      className="mt-0.5 size-4 shrink-0 text-warn-ink"
                      strokeWidth={1.75}
                      aria-label="Worth knowing"
                    />
                  )}
                  <span>
                    <span className="font-medium">{problem.message}</span>{" "}
                    <span className="text-ink-2">{problem.cure}</span>
                  </span>
                </li>
              ))}
          </ul>
        )}
      </Section>
      <Section title="People" count={count(preflight.audience)} className="border-b border-line pb-3">
        <div className="px-4 lg:px-5">
          <Bar
            height={8}
            label={`${count(preflight.eligible)} of ${count(preflight.audience)} may be called`}
            parts={[
              {
                label: `${count(preflight.eligible)} may be called`,
                value: preflight.eligible,
                fill: "bg-ink-2",
              },
              { label: `${count(skipped)} skipped`, value: skipped, fill: "bg-line-3", hatched: true },
            ]}
          />
          <p className="tnum mt-1.5 flex justify-between">
            <span>
              <b className="font-semibold">{count(preflight.eligible)}</b> may be called
            </span>
            <span className="text-ink-2">{count(skipped)} skipped</span>
          </p>
          <ul className="mt-1">
            {preflight.skipped.map((entry) => (
              <li key={entry.reason} className="flex gap-3 py-0.5 text-ink-2">
                <span className="grow">{reasonOf(entry.reason).text}</span>
                <span className="tnum">{count(entry.count)}</span>
              </li>
            ))}
          </ul>
        </div>
      </Section>
      {preflight.zones.length > 0 && <Zones preflight={preflight} window={window} />}
      {preflight.forecast && (
        <Section title="Forecast" note="if nothing is changed" className="border-b border-line">
          <ForecastFacts forecast={preflight.forecast} />
        </Section>
      )}
      <Section title="Credits" className="border-b border-line">
        <Facts>
          <Fact name="Held per call">
            {plural(preflight.holdPerCall, "credit")}, released when the call ends
          </Fact>
          <Fact name="At the very most">
            {count(preflight.costCeiling)}{" "}
            <span className="text-ink-3">if everyone took one longest call</span>
          </Fact>
          <Fact name="You have">
            <span className={preflight.available < preflight.holdPerCall ? "text-bad-ink" : ""}>
              {count(preflight.available)}
            </span>
          </Fact>
          <Fact name="Lines">
            {count(preflight.lines.user)} of yours, {count(preflight.lines.system)} in the installation
          </Fact>
        </Facts>
      </Section>
    </div>
  );
}

/** The next 24 hours as each zone will live them. */
function Zones({ preflight, window }: { preflight: Preflight; window: WindowRule | null }) {
  const now = useNow();
  const half = 30 * 60_000;
  const first = Math.floor(now / half) * half;
  const columns = Array.from({ length: 48 }, (_, index) => first + index * half);
  const rows = preflight.zones.slice(0, 6).map((zone) => {
    const open = zone.opensAt === null || Date.parse(zone.opensAt) <= now;
    return {
      name:
        zone.zones.length === 1
          ? zoneCity(zone.zones[0] ?? "")
          : `${zoneCity(zone.zones[0] ?? "?")} +${zone.zones.length - 1}`,
      note: zone.zones[0] ? `${clockTime(now, zone.zones[0])} now` : "zone unknown",
      cells: columns.map((at) => {
        if (!window)
          return open || at >= Date.parse(zone.opensAt ?? "") ? ("open" as const) : ("closed" as const);
        return isOpenEverywhere(window, new Date(at).toISOString(), zone.zones)
          ? ("open" as const)
          : ("closed" as const);
      }),
      right: plural(zone.count, "person", "people"),
      rightNote:
        zone.closesAt && open && Date.parse(zone.closesAt) - now < 86_400_000
          ? `closes ${moment(zone.closesAt, now)}`
          : zone.opensAt && !open
            ? `opens ${moment(zone.opensAt, now)}`
            : "open",
    };
  });
  return (
    <div className="border-b border-line">
      <HeatMap
        title="Hours by zone"
        finding={`${plural(preflight.zones.length, "zone")} over the next 24 hours; ${rows.filter((row) => row.cells[0] === "open").length} open now`}
        rows={rows}
        columns={columns.map((at, index) => (index % 8 === 0 ? clockTime(at) : ""))}
        nowAt={(now - first) / half}
        low={0}
        high={1}
        format={String}
      />
      {preflight.zones.length > rows.length && (
        <p className="px-4 pb-2 text-xs text-ink-3 lg:px-5">
          {count(preflight.zones.length - rows.length)} more zones with fewer people
        </p>
      )}
    </div>
  );
}
