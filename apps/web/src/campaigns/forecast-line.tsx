import { basisText, finishText, rangeText, waitText } from "@parley/core/campaigns/forecast-words";
import type { CampaignForecast } from "@parley/core/campaigns/schema";
import { CalendarCheck, TriangleAlert } from "lucide-react";
import { BandMark, isCutShort, useWriting } from "@/signs/forecast.tsx";
import { Fact, Facts } from "@/ui/section.tsx";

/** What is to come of a running campaign, in one line: when, how much more, and what that rests on. */
export function ForecastLine({ forecast, rate }: { forecast: CampaignForecast; rate: number }) {
  const writing = useWriting();
  const icon = { className: "size-4 shrink-0", strokeWidth: 1.75, "aria-hidden": true } as const;
  return (
    <section
      aria-label="Forecast"
      className="flex flex-wrap items-center gap-x-2 gap-y-1 border-b border-line px-4 py-2 lg:px-5"
    >
      <span className="inline-flex min-w-0 items-center gap-1.5 font-medium">
        {isCutShort(forecast) ? (
          <TriangleAlert {...icon} className="size-4 shrink-0 text-warn-ink" />
        ) : (
          <CalendarCheck {...icon} />
        )}
        <span className="tnum">{finishText(forecast, writing)}</span>
      </span>
      <BandMark forecast={forecast} className="max-sm:hidden" />
      <span className="tnum text-ink-2">
        To come: {rangeText(forecast.calls, writing)} calls
        {rate > 0 && ` at ${writing.count(Math.round(rate * 60))} an hour now`},{" "}
        {rangeText(forecast.answered, writing)} answered, {rangeText(forecast.credits, writing)} credits.
      </span>
      <span className="text-xs text-ink-3">8 of 10 times, {basisText(forecast, writing)}.</span>
    </section>
  );
}

/** The same before the start, as facts. */
export function ForecastFacts({ forecast }: { forecast: CampaignForecast }) {
  const writing = useWriting();
  return (
    <>
      <p className="flex items-start gap-2 px-4 pb-2 font-medium lg:px-5">
        {isCutShort(forecast) && (
          <TriangleAlert className="mt-0.5 size-4 shrink-0 text-warn-ink" strokeWidth={1.75} aria-hidden />
        )}
        <span className="tnum grow">{finishText(forecast, writing)}</span>
        <BandMark forecast={forecast} className="mt-1.5" />
      </p>
      <Facts className="first:border-t">
        <Fact name="Calls">
          <span className="tnum">{rangeText(forecast.calls, writing)}</span>
        </Fact>
        <Fact name="Answered">
          <span className="tnum">{rangeText(forecast.answered, writing)}</span>
        </Fact>
        <Fact name="Credits">
          <span className="tnum">{rangeText(forecast.credits, writing)}</span>
        </Fact>
        <Fact name="Waits for">Mostly {waitText(forecast)}</Fact>
        <Fact name="How sure">
          Right 8 of 10 times, <span className="text-ink-2">{basisText(forecast, writing)}</span>
        </Fact>
      </Facts>
    </>
  );
}
