import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { lazy, Suspense } from "react";
import { OutcomeChart } from "@/charts/outcome-chart.tsx";
import { paths } from "@/paths.ts";
import { useLiveQuery } from "@/shell/live.ts";
import { LiveSummary } from "@/shell/live-summary.tsx";
import { useRefused } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { outcomeCounts } from "@/signs/counts.ts";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { useNow } from "@/ui/clock.ts";
import { clockTime, plural, viewerZone, weekdayAndDay, zoneName } from "@/ui/format.ts";
import { CampaignLines } from "./campaign-lines.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { LeadsToActOn } from "./leads-to-act-on.tsx";
import { Lines } from "./lines.tsx";
import { Needs } from "./needs.tsx";
import { TodayFigures } from "./today-figures.tsx";

// What few days have: its menus and dialogs come when the page stands.
const DueToday = lazy(() => import("./due-today.tsx").then((module) => ({ default: module.DueToday })));
const DiallingSwitch = lazy(() =>
  import("@/shell/dialling-switch.tsx").then((module) => ({ default: module.DiallingSwitch })),
);

/** Operations now: what is on the phone, what waits, what needs a person, what today came to. */
export function HomePage() {
  const [summary] = trpc.home.summary.useSuspenseQuery({}, useLiveQuery());
  const now = useNow();
  const refused = useRefused("campaigns.create");
  const isNew = !summary.steps.call && summary.campaigns.length === 0;

  return (
    <Page
      crumbs={[{ label: "Home" }]}
      title="Operations now"
      context={
        <span className="tnum text-ink-3" title={`Times are in your zone, ${viewerZone}`}>
          {weekdayAndDay(now)}, {clockTime(now)} {zoneName(viewerZone, now)}
        </span>
      }
      actionsBeside
      actions={
        <>
          <Suspense fallback={<span className="w-[118px]" />}>
            <DiallingSwitch dialling={summary.dialling} inAir={summary.lines.used} />
          </Suspense>
          {refused ? (
            <Button look="filled" icon={Plus} disabledReason={refused} className="max-sm:hidden">
              New campaign
            </Button>
          ) : (
            <Button look="filled" asChild className="max-sm:hidden">
              <Link {...paths.newCampaign()}>
                <Plus className="size-3.5" strokeWidth={1.75} aria-hidden />
                New campaign
              </Link>
            </Button>
          )}
        </>
      }
    >
      <LiveSummary
        words={`${plural(summary.lines.used, "line")} in use, ${summary.queue.due} due, ${summary.today.answered} of ${summary.today.calls} answered today`}
      />
      {isNew && <FirstSteps steps={summary.steps} />}
      <TodayFigures summary={summary} />
      <div className="grid border-b border-line lg:grid-cols-[minmax(0,1fr)_340px] xl:grid-cols-[minmax(0,1fr)_412px]">
        <Lines summary={summary} />
        <Needs needs={summary.needs} total={summary.needsTotal} />
      </div>
      <Suspense fallback={null}>
        <DueToday now={summary.now} />
      </Suspense>
      <div className="grid border-b border-line xl:grid-cols-[minmax(0,1fr)_412px]">
        <OutcomeChart
          title="Calls finished, last 24 h"
          step="hour"
          className="xl:border-r xl:border-line"
          buckets={summary.series.map((hour) => ({ at: hour.from, counts: outcomeCounts(hour.byOutcome) }))}
          link={(outcome) => paths.calls({ outcome })}
          empty="No call has ended in the last 24 hours"
        />
        <LeadsToActOn leads={summary.leads} />
      </div>
      <CampaignLines campaigns={summary.campaigns} />
    </Page>
  );
}
