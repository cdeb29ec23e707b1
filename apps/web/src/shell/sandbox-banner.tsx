import { Link } from "@tanstack/react-router";
import { FlaskConical } from "lucide-react";
import { paths } from "@/paths.ts";
import { useMe } from "./me.ts";

const words = { voice: "voice", analysis: "analysis", whatsapp: "WhatsApp", calendar: "calendar" } as const;

/** First thing on every page while any provider is simulated. It cannot be dismissed. */
export function SandboxBanner() {
  const { surroundings } = useMe();
  if (!surroundings || surroundings.sandbox.length === 0) return null;
  const simulated = new Intl.ListFormat("en", { type: "conjunction" }).format(
    surroundings.sandbox.map((provider) => words[provider]),
  );
  const calls = surroundings.sandbox.includes("voice")
    ? "Sandbox: no real calls are placed."
    : "Partly sandbox: calls are real.";
  return (
    <div
      role="status"
      className="flex h-7 shrink-0 items-center gap-2 border-b border-[color-mix(in_oklab,var(--warn-line)_55%,var(--line))] bg-[color-mix(in_oklab,var(--warn-tint)_70%,var(--canvas))] px-3.5 text-xs text-warn-ink"
    >
      <FlaskConical className="size-3.5 shrink-0" strokeWidth={1.75} aria-hidden />
      <span className="truncate">
        <b className="font-medium">{calls}</b>
        <span className="max-md:hidden">
          {" "}
          {simulated[0]?.toUpperCase()}
          {simulated.slice(1)} {surroundings.sandbox.length === 1 ? "is" : "are"} simulated
          {surroundings.ruleSet === "rehearsal" && "; calling hours and consent are lifted"}.
          {surroundings.clockScale !== 1 && ` The clock runs ${surroundings.clockScale}× fast.`}
        </span>
      </span>
      <Link
        {...paths.settings("workspace")}
        className="ml-auto whitespace-nowrap underline decoration-warn-line underline-offset-2 max-md:hidden"
      >
        Sandbox and rules
      </Link>
    </div>
  );
}
