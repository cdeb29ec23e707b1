import type { HomeSummary } from "@parley/core/home/schema";
import { Check } from "lucide-react";
import type { Place } from "@/paths.ts";
import { paths } from "@/paths.ts";
import { Go } from "@/shell/go.tsx";
import { cn } from "@/ui/cn.ts";

const steps: { key: keyof HomeSummary["steps"]; title: string; words: string; act: string; place: Place }[] =
  [
    {
      key: "agent",
      title: "Make an agent",
      words: "What it says first, what it should find out, how long it may talk.",
      act: "New agent",
      place: paths.newAgent(),
    },
    {
      key: "contacts",
      title: "Bring five people",
      words: "Any CSV will do; columns are recognised, bad rows are handed back with reasons.",
      act: "Import a file",
      place: paths.imports(),
    },
    {
      key: "call",
      title: "Try one call",
      words: "Open a contact and press Call. The sandbox answers like a person would.",
      act: "Open contacts",
      place: paths.contacts(),
    },
    {
      key: "campaign",
      title: "Start a campaign",
      words: "Agent, list, hours, retries. You see what it may cost before it starts.",
      act: "New campaign",
      place: paths.newCampaign(),
    },
  ];

/** The way from an empty workspace to a first campaign; ticks by itself. */
export const FirstSteps = ({ steps: done }: { steps: HomeSummary["steps"] }) => {
  const next = steps.find((step) => !done[step.key])?.key;
  return (
    <section aria-label="First steps" className="border-b border-line">
      <ol className="grid gap-px bg-line sm:grid-cols-2 xl:grid-cols-4">
        {steps.map((step, index) => {
          const ticked = done[step.key];
          return (
            <li key={step.key} className="flex gap-3 bg-surface px-4 py-3.5 lg:px-5">
              <span
                className={cn(
                  "mt-px grid size-5 shrink-0 place-items-center rounded-full text-xs font-medium",
                  ticked
                    ? "bg-ok-tint text-ok-ink"
                    : step.key === next
                      ? "bg-action text-on-action"
                      : "border border-line-2 text-ink-3",
                )}
              >
                {ticked ? <Check className="size-3" strokeWidth={2.5} aria-label="Done" /> : index + 1}
              </span>
              <div className="min-w-0">
                <h2 className={cn("font-semibold", ticked && "text-ink-2")}>{step.title}</h2>
                <p className="text-xs text-ink-2">{step.words}</p>
                {!ticked && (
                  <Go
                    place={step.place}
                    className="mt-1 inline-flex min-h-6 items-center text-xs font-medium text-accent-ink hover:underline"
                  >
                    {step.act}
                  </Go>
                )}
              </div>
            </li>
          );
        })}
      </ol>
    </section>
  );
};
