import type { Call } from "./call.ts";
import { RotateCw } from "lucide-react";
import { useState } from "react";
import { useRefused } from "@/shell/me.ts";
import { RefoldDrawer } from "@/shell/refold-drawer.tsx";
import { Chip } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { Drawer } from "@/ui/dialog.tsx";
import { clockSeconds, exactly, plural } from "@/ui/format.ts";

const sources = {
  webhook: "Provider told",
  poll: "We asked",
  place: "Placing",
  system: "Our clock",
  person: "A person",
} as const;

/** Everything heard about a call in order of arrival, each with its raw body, and a button to fold it all again. */
export function EventsDrawer({
  call,
  open,
  onOpenChange,
}: {
  call: Call;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const refused = useRefused("calls.refold");
  const [refolds, setRefolds] = useState(false);
  return (
    <Drawer
      open={open}
      onOpenChange={onOpenChange}
      wide
      title={`${plural(call.events.length, "event")}`}
      aside={
        <Button look="ghost" icon={RotateCw} disabledReason={refused} onClick={() => setRefolds(true)}>
          Fold again
        </Button>
      }
    >
      <ol>
        {call.events.map((event) => {
          const body = JSON.stringify(event.body, null, 2) ?? "";
          return (
            <li key={event.id} className="border-t border-line first:border-t-0">
              <details className="group">
                <summary className="flex min-h-9 cursor-pointer flex-wrap items-center gap-x-3 px-5 py-1 hover:bg-hover">
                  <span className="mono text-ink-3" title={exactly(event.arrivedAt)}>
                    {clockSeconds(event.arrivedAt)}
                  </span>
                  <span className="mono">{event.status ?? "no status"}</span>
                  <span className="text-ink-2">{sources[event.source]}</span>
                  {!event.applied && <Chip>changed nothing</Chip>}
                  {event.note && <span className="text-xs text-ink-3">{event.note}</span>}
                </summary>
                <div className="relative border-t border-line bg-sunken">
                  <span className="absolute right-2 top-1">
                    <CopyButton value={body} label="Copy this body" />
                  </span>
                  <pre className="overflow-x-auto px-5 py-2 font-mono text-xs" tabIndex={0}>
                    {body}
                  </pre>
                </div>
              </details>
            </li>
          );
        })}
        {call.events.length === 0 && <li className="px-5 py-4 text-ink-2">Nothing has been heard yet.</li>}
      </ol>
      <RefoldDrawer callId={refolds ? call.id : null} onClose={() => setRefolds(false)} />
    </Drawer>
  );
}
