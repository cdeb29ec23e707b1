import { Check } from "lucide-react";
import { cn } from "@/ui/cn.ts";

const steps = [
  { id: "audience", label: "Audience" },
  { id: "agent", label: "Agent" },
  { id: "rules", label: "Rules" },
  { id: "check", label: "Check and start" },
];

/** The way through the form; every step can be jumped to. */
export const StepLinks = ({ checked }: { checked: boolean }) => (
  <ol className="flex items-center gap-1 overflow-x-auto">
    {steps.map((step, index) => (
      <li key={step.id} className="flex items-center gap-1">
        {index > 0 && <span className="h-px w-4 bg-line-2 xl:w-6" aria-hidden />}
        <button
          type="button"
          onClick={() =>
            document.getElementById(step.id)?.scrollIntoView({ behavior: "smooth", block: "start" })
          }
          className="inline-flex min-h-8 items-center gap-1.5 whitespace-nowrap rounded-md px-1.5 text-ink-2 hover:bg-hover hover:text-ink lg:min-h-7"
        >
          <span
            className={cn(
              "grid size-5 place-items-center rounded-full border border-line-2 text-xs",
              step.id === "check" && checked && "border-transparent bg-ok-tint text-ok-ink",
            )}
          >
            {step.id === "check" && checked ? (
              <Check className="size-3" strokeWidth={2.5} aria-hidden />
            ) : (
              index + 1
            )}
          </span>
          <span className="max-sm:sr-only">{step.label}</span>
        </button>
      </li>
    ))}
  </ol>
);
