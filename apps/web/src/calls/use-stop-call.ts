import { refusal, trpc } from "@/trpc.ts";
import { toast } from "@/ui/toast.ts";

/** Stops a call that has not rung yet, and says what came of it. */
export function useStopCall(): (callId: string) => void {
  const utils = trpc.useUtils();
  const stop = trpc.calls.stop.useMutation({
    onSuccess: (answer) => {
      void utils.calls.invalidate();
      toast.done(answer.stopping ? "The provider was asked to stop it" : "Stopped before it was sent");
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  return (callId) => stop.mutate({ callId });
}
