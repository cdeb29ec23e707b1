import { Check } from "lucide-react";
import { cn } from "@/ui/cn.ts";

const steps = [
  { key: "file", label: "File" },
  { key: "check", label: "Columns and check" },
  { key: "import", label: "Import" },
] as const;
type Step = (typeof steps)[number]["key"];

/** Where in the import we are. */
export function ImportSteps({ at, done = false }: { at: Step; done?: boolean }) {
  const here = steps.findIndex((step) => step.key === at);
  return (
    <ol className="flex items-center gap-2.5">
      {steps.map((step, index) => {
        const past = index < here || (done && index === here);
        const current = index === here && !done;
        return (
          <li
            key={step.key}
            aria-current={current ? "step" : undefined}
            className="flex items-center gap-2.5"
          >
            {index > 0 && <span className="h-px w-5 bg-line-2 lg:w-7" aria-hidden />}
            <span
              className={cn(
                "flex items-center gap-2 whitespace-nowrap",
                current ? "font-medium" : "text-ink-2",
              )}
            >
              <span
                className={cn(
                  "grid size-5 place-items-center rounded-full text-xs",
                  past
                    ? "bg-ok-tint text-ok-ink"
                    : current
                      ? "bg-action text-on-action"
                      : "border border-line-2",
                )}
              >
                {past ? <Check className="size-3" strokeWidth={2.5} aria-label="done" /> : index + 1}
              </span>
              <span className={cn(!current && "max-sm:sr-only")}>{step.label}</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
