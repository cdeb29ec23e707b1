import { refusal, trpc } from "@/trpc.ts";
import { DangerDialog } from "@/ui/dialog.tsx";
import { plural } from "@/ui/format.ts";
import { toast } from "@/ui/toast.ts";

/** Puts numbers out of reach of every campaign and every button. */
export function SuppressDialog({
  numbers,
  what,
  onClose,
}: {
  numbers: string[];
  what: string;
  onClose: () => void;
}) {
  const utils = trpc.useUtils();
  const add = trpc.suppressions.add.useMutation({
    onSuccess: (answer) => {
      void utils.contacts.invalidate();
      void utils.suppressions.invalidate();
      toast.done(
        `${plural(answer.added, "number")} suppressed` +
          (answer.stopped > 0 ? `, ${plural(answer.stopped, "waiting call")} taken back` : "") +
          (answer.inAir > 0 ? `; ${plural(answer.inAir, "call")} in progress will finish` : ""),
      );
      onClose();
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  return (
    <DangerDialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Suppress ${what}`}
      action={`Suppress ${plural(numbers.length, "number")}`}
      busy={add.isPending}
      onConfirm={() => add.mutate({ phoneNumbers: numbers, reason: "manual" })}
    >
      <p>
        {plural(numbers.length, "number is", "numbers are")} never called again by any campaign or button,
        also when imported anew. What waits in line for them is taken back at once.
      </p>
      <p>A manager can lift it later.</p>
    </DangerDialog>
  );
}
