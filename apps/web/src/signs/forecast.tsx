import { finishBand, finishText } from "@parley/core/campaigns/forecast-words";
import type { CampaignForecast } from "@parley/core/campaigns/schema";
import { reasonOf } from "@parley/core/reasons";
import { TriangleAlert } from "lucide-react";
import { useNow } from "@/ui/clock.ts";
import { cn } from "@/ui/cn.ts";
import { count, moment } from "@/ui/format.ts";

/** How instants and numbers of a forecast are written on this screen. */
export const useWriting = () => {
  const now = useNow();
  return { moment: (at: string) => moment(at, now), count };
};

/** Will something keep it from calling everybody as often as the rules want? */
export const isCutShort = ({ finish, stops }: CampaignForecast): boolean =>
  finish === null || (stops !== null && stops.share > 0.5);

/** Now at the left, the latest likely end at the right, the band between, its most likely instant marked. */
export function BandMark({ forecast, className }: { forecast: CampaignForecast; className?: string }) {
  const now = useNow();
  if (!forecast.finish) return null;
  const [low, mid, high] = [forecast.finish.low, forecast.finish.mid, forecast.finish.high].map(
    (at) => Date.parse(at) - now,
  ) as [number, number, number];
  const whole = Math.max(high, 1) * 1.04;
  const at = (ms: number) => `${Math.min(100, Math.max(0, (100 * ms) / whole))}%`;
  return (
    <span aria-hidden className={cn("relative inline-block h-2 w-16 shrink-0", className)}>
      <span className="absolute inset-x-0 top-1/2 h-px bg-line-2" />
      <span
        className="absolute inset-y-0 min-w-1 rounded-xs bg-line-3"
        style={{ left: at(low), right: `calc(100% - ${at(high)})` }}
      />
      <span className="absolute -inset-y-0.5 w-0.5 rounded-xs bg-ink" style={{ left: at(mid) }} />
    </span>
  );
}

/** One cell of a list: between which times it is done, or what stops it. The whole sentence is its title. */
export function FinishCell({ forecast }: { forecast: CampaignForecast }) {
  const writing = useWriting();
  const words = finishText(forecast, writing);
  const band = finishBand(forecast, writing);
  if (isCutShort(forecast)) {
    const reason = forecast.stops?.reason;
    const short = reason === "campaign_over" ? `Ends ${band}, some left` : shortly[reason ?? ""];
    return (
      <span className="flex min-w-0 items-center gap-1.5 text-warn-ink" title={words}>
        <TriangleAlert className="size-3.5 shrink-0" strokeWidth={1.75} aria-hidden />
        <span className="truncate">{short ?? reasonOf(reason ?? "").text}</span>
      </span>
    );
  }
  return (
    <span className="tnum flex min-w-0 items-center gap-2" title={words}>
      <span className="truncate">{band}</span>
      <BandMark forecast={forecast} className="max-2xl:hidden" />
    </span>
  );
}

/** The whole sentence, where there is room for it. */
export const FinishWords = ({ forecast }: { forecast: CampaignForecast }) => (
  <>{finishText(forecast, useWriting())}</>
);

const shortly: Record<string, string> = {
  credits: "Credits run out",
  budget: "Budget runs out",
  zone_never_open: "Hours never open",
  dialling_paused: "All dialling is paused",
  provider_suspended: "Provider suspended",
  tenant_suspended: "Workspace suspended",
};
