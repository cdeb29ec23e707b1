import { callCan } from "@parley/core/calls/can";
import type { Call } from "./call.ts";
import { useNavigate } from "@tanstack/react-router";
import { History, Octagon, Phone } from "lucide-react";
import { paths } from "@/paths.ts";
import { useRefused } from "@/shell/me.ts";
import { Button } from "@/ui/button.tsx";
import { usePlaceCall } from "@/shell/use-place-call.ts";
import { useStopCall } from "./use-stop-call.ts";

/** What can be done about a call: look back, stop it, call the person again. */
export function CallActions({ call, earlier }: { call: Call; earlier: string | null }) {
  const navigate = useNavigate();
  const stopRefused = useRefused("calls.stop");
  const placeRefused = useRefused("calls.place");
  const stop = useStopCall();
  const place = usePlaceCall();
  const canStop = callCan.stop(call.status);
  return (
    <>
      {earlier && (
        <Button look="ghost" icon={History} onClick={() => void navigate(paths.call(earlier))}>
          Previous try
        </Button>
      )}
      {call.endedAt === null ? (
        <Button
          look="danger"
          icon={Octagon}
          disabledReason={stopRefused ?? (canStop.ok ? null : canStop.reason)}
          onClick={() => stop(call.id)}
        >
          Stop
        </Button>
      ) : (
        <Button
          icon={Phone}
          busy={place.isPending}
          disabledReason={placeRefused ?? (call.contactId ? null : "The contact was erased.")}
          onClick={() => call.contactId && place.call({ contactId: call.contactId, agentId: call.agentId })}
        >
          Call again
        </Button>
      )}
    </>
  );
}
