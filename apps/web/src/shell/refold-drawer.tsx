import type { Outputs } from "@/trpc.ts";
import { useEffect } from "react";
import { useRefused } from "@/shell/me.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Chip } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Drawer } from "@/ui/dialog.tsx";
import { count, plural } from "@/ui/format.ts";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { toast } from "@/ui/toast.ts";

const shown = (value: unknown): string =>
  value === null || value === undefined
    ? "nothing"
    : typeof value === "object"
      ? JSON.stringify(value, null, 1)
      : String(value);

/** A call built again from what was heard of it, beside the row that is kept; nothing is written until asked. */
export function RefoldDrawer({ callId, onClose }: { callId: string | null; onClose: () => void }) {
  const refused = useRefused("calls.refold");
  const utils = trpc.useUtils();
  const refold = trpc.calls.refold.useMutation({
    onSuccess: (answer) => {
      if (!answer.applied && !answer.corrected) return;
      void utils.calls.invalidate();
      void utils.ops.invalidate();
      toast.done(
        answer.corrected
          ? "The credits were made right by an entry of their own"
          : "The call's row was mended",
      );
    },
  });
  const { mutate, reset, data, error, isPending } = refold;
  useEffect(() => {
    reset();
    if (callId) mutate({ callId });
  }, [callId, mutate, reset]);
  const again = (its: { apply?: boolean; correctCredits?: boolean }) =>
    callId && mutate({ callId, ...its }, { onSettled: () => mutate({ callId }) });
  return (
    <Drawer
      open={callId !== null}
      onOpenChange={(open) => !open && onClose()}
      wide
      title={`Folded again: call ${callId?.slice(-8) ?? ""}`}
      footer={
        data && (
          <>
            <Button
              busy={isPending}
              disabledReason={refused ?? (data.changed.length === 0 ? "There is nothing to write." : null)}
              onClick={() => again({ apply: true })}
            >
              {data.changed.length === 0 ? "Write" : `Write ${plural(data.changed.length, "field")}`}
            </Button>
            {data.credits && (
              <Button
                look="danger"
                busy={isPending}
                disabledReason={refused}
                onClick={() => again({ correctCredits: true })}
              >
                {data.credits.rebuilt < data.credits.charged
                  ? `Give ${count(data.credits.charged - data.credits.rebuilt)} credits back`
                  : `Charge ${count(data.credits.rebuilt - data.credits.charged)} credits more`}
              </Button>
            )}
          </>
        )
      }
    >
      {error ? (
        <p role="alert" className="px-5 py-4 text-bad-ink">
          {refusal(error).message}
        </p>
      ) : data ? (
        <Differences told={data} />
      ) : (
        <SkeletonRows rows={6} columns={2} />
      )}
    </Drawer>
  );
}

const Differences = ({ told }: { told: Outputs["calls"]["refold"] }) => (
  <>
    <p className="border-b border-line bg-sunken px-5 py-3">
      {told.differences.length === 0
        ? `${plural(told.events, "event")} folded again: the same row comes out.`
        : `${plural(told.events, "event")} folded again: ${plural(told.differences.length, "difference")}.`}
      {told.credits && (
        <span className="block text-ink-2">
          {count(told.credits.charged)} credits were charged; the rebuilt talk costs{" "}
          {count(told.credits.rebuilt)}. Writing the fields does not change that.
        </span>
      )}
    </p>
    <dl>
      {told.differences.map(({ field, stored, rebuilt, kept }) => (
        <div key={field} className="border-b border-line px-5 py-2">
          <dt className="flex items-center gap-2 font-medium">
            {field} {kept && <Chip>kept</Chip>}
          </dt>
          <dd className="mt-1 grid gap-x-4 gap-y-1 sm:grid-cols-2">
            <span>
              <span className="block text-xs text-ink-3">Stored</span>
              <span className="mono whitespace-pre-wrap break-words">{shown(stored)}</span>
            </span>
            <span>
              <span className="block text-xs text-ink-3">Rebuilt</span>
              <span className="mono whitespace-pre-wrap break-words">{shown(rebuilt)}</span>
            </span>
            {kept && <span className="text-xs text-ink-2 sm:col-span-2">{kept}</span>}
          </dd>
        </div>
      ))}
    </dl>
  </>
);
