import type { HomeSummary } from "@parley/core/home/schema";
import { Link } from "@tanstack/react-router";
import { paths } from "@/paths.ts";
import { Score } from "@/signs/temperature.tsx";
import { SectionHead } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";

/** The people who said yes, or nearly; newest conversations first. */
export const LeadsToActOn = ({ leads }: { leads: HomeSummary["leads"] }) => (
  <section aria-label="Leads to act on" className="min-w-0 max-xl:border-t max-xl:border-line">
    <SectionHead
      title="Leads to act on"
      aside={
        <Link
          {...paths.leads()}
          className="inline-flex min-h-6 items-center font-medium text-accent-ink hover:underline"
        >
          All leads
        </Link>
      }
    />
    {leads.length === 0 ? (
      <p className="border-t border-line px-4 py-3 text-ink-2 lg:px-5">
        Warm and hot leads appear here minutes after they hang up, with what they said.
      </p>
    ) : (
      <ul>
        {leads.slice(0, 4).map((lead) => (
          <li key={lead.callId} className="border-t border-line">
            <Link {...paths.call(lead.callId)} className="block px-4 py-1.5 hover:bg-hover lg:px-5">
              <span className="flex items-baseline gap-2">
                <span className="min-w-0 grow truncate font-medium">{lead.contactName ?? "No name"}</span>
                <Score score={lead.score} temperature={lead.temperature} />
                <Time at={lead.at} className="text-xs text-ink-3" />
              </span>
              {lead.summary && <span className="block truncate text-xs text-ink-2">{lead.summary}</span>}
            </Link>
          </li>
        ))}
      </ul>
    )}
  </section>
);
