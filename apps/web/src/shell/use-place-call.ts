import type { PlaceCall } from "@parley/core/calls/schema";
import { useRef } from "react";
import { paths } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { toast } from "@/ui/toast.ts";

/**
 * Puts one person into the line. The same press sent twice, by a nervous finger or a retried request, carries one key
 * and so makes one call.
 */
export function usePlaceCall() {
  const key = useRef(crypto.randomUUID());
  const go = useGo();
  const utils = trpc.useUtils();
  const place = trpc.calls.place.useMutation({
    trpc: { context: { idempotencyKey: key.current } },
    onSuccess: (placed) => {
      key.current = crypto.randomUUID();
      void utils.calls.invalidate();
      void utils.contacts.get.invalidate({ contactId: placed.contactId });
      toast.done("In line. It is dialled as soon as a line is free, within two minutes or not at all.");
      go(paths.calls({ contactId: placed.contactId }));
    },
    onError: (error) => {
      key.current = crypto.randomUUID();
      toast.error(refusal(error).message);
    },
  });
  return { call: (input: PlaceCall) => place.mutate(input), isPending: place.isPending };
}
