import type { Need } from "@parley/core/home/schema";
import type { LucideIcon } from "lucide-react";
import {
  CalendarCheck,
  CircleHelp,
  FileWarning,
  GitCompareArrows,
  ListTodo,
  OctagonAlert,
  Pause,
  PhoneForwarded,
  Webhook,
} from "lucide-react";
import type { Place } from "@/paths.ts";
import { paths } from "@/paths.ts";
import { Go } from "@/shell/go.tsx";
import { cn } from "@/ui/cn.ts";
import { SectionHead } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";

const looks: Record<Need["kind"], { Icon: LucideIcon; ink?: string; act: string }> = {
  incident: { Icon: OctagonAlert, act: "See it" },
  unknown_call: { Icon: CircleHelp, ink: "text-odd-ink", act: "Open call" },
  paused_campaign: { Icon: Pause, act: "Open campaign" },
  callback_due: { Icon: PhoneForwarded, act: "Open contact" },
  task_due: { Icon: ListTodo, act: "Open contact" },
  meeting: { Icon: CalendarCheck, act: "Open contact" },
  analysis_failed: { Icon: FileWarning, act: "Open call" },
  agent_drifted: { Icon: GitCompareArrows, act: "Open agents" },
  bad_webhook: { Icon: Webhook, act: "See webhooks" },
};

const inks: Record<Need["severity"], string> = {
  info: "text-ink-2",
  warn: "text-warn-ink",
  bad: "text-bad-ink",
};

function placeOf(need: Need): Place | null {
  if (need.kind === "agent_drifted") return paths.agents();
  if (need.kind === "bad_webhook") return paths.settings("webhooks");
  if (need.callId) return paths.call(need.callId);
  if (need.campaignId) return paths.campaign(need.campaignId);
  if (need.contactId) return paths.contact(need.contactId);
  return null;
}

/** What no machine should decide, each with the way to it. On a phone this stands first. */
export function Needs({ needs, total }: { needs: Need[]; total: number }) {
  return (
    <section aria-label="Needs a person" className="min-w-0 max-lg:order-first">
      <SectionHead title="Needs a person" count={total} />
      {needs.length === 0 ? (
        <p className="border-t border-line px-4 py-3 text-ink-2 lg:px-5">
          Nothing. Unknown outcomes, stopped campaigns, due callbacks and failed analyses would stand here.
        </p>
      ) : (
        <ul>
          {needs.map((need) => {
            const { Icon, ink, act } = looks[need.kind];
            const place = placeOf(need);
            return (
              <li
                key={`${need.kind}-${need.id}`}
                className="flex gap-3 border-t border-line px-4 py-2.5 lg:px-5"
              >
                <Icon
                  className={cn("mt-0.5 size-4 shrink-0", ink ?? inks[need.severity])}
                  strokeWidth={1.75}
                  aria-hidden
                />
                <div className="min-w-0 grow">
                  <div className="flex items-baseline gap-2">
                    <p className="min-w-0 grow font-medium xl:truncate" title={need.title}>
                      {need.title}
                    </p>
                    {place && (
                      <Go
                        place={place}
                        className="inline-flex min-h-6 shrink-0 items-center text-xs font-medium text-accent-ink hover:underline"
                      >
                        {act}
                        <span className="sr-only">: {need.title}</span>
                      </Go>
                    )}
                  </div>
                  <p className="text-xs text-ink-2">
                    {(need.kind === "meeting" ||
                      need.kind === "callback_due" ||
                      need.kind === "task_due") && (
                      <>
                        <Time at={need.at} />
                        {". "}
                      </>
                    )}
                    {need.detail}
                  </p>
                </div>
              </li>
            );
          })}
        </ul>
      )}
      {total > needs.length && (
        <p className="border-t border-line px-4 py-2 text-xs text-ink-3 lg:px-5">
          {total - needs.length} more of the same kinds
        </p>
      )}
    </section>
  );
}
