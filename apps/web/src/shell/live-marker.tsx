import { useEffect, useState } from "react";
import { span } from "@/ui/format.ts";
import { Tooltip } from "@/ui/tooltip.tsx";
import { reconnect } from "./live-stream.ts";
import { useLive } from "./live.ts";

/** Whether what is on screen is now. When it is not, for how long not, and a way to ask again. */
export function LiveMarker() {
  const { status, lastAt } = useLive();
  const [, repaint] = useState(0);
  useEffect(() => {
    if (status === "live") return;
    const timer = setInterval(() => repaint((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, [status]);
  const age = (Date.now() - lastAt) / 1000;

  if (status === "live") {
    return (
      <Tooltip words={`Changes arrive by themselves; the last one ${span(age)} ago`}>
        <span tabIndex={0} className="inline-flex items-center gap-1.5 rounded-sm text-xs text-ink-2">
          <span className="relative flex size-2">
            <span className="pulse-ring absolute inset-0 rounded-full bg-ok opacity-50" />
            <span className="relative size-2 rounded-full bg-ok" />
          </span>
          Live
        </span>
      </Tooltip>
    );
  }
  return (
    <span role="status" className="inline-flex items-center gap-1.5 text-xs text-ink-2">
      <span className={`size-2 rounded-full ${status === "stale" ? "bg-line-3" : "bg-warn"}`} />
      {status === "stale" ? `Stale ${span(age)}` : "Reconnecting"}
      {status === "stale" && (
        <button
          type="button"
          onClick={reconnect}
          className="min-h-6 font-medium text-accent-ink hover:underline"
        >
          Retry
        </button>
      )}
    </span>
  );
}
