import { useState } from "react";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Field } from "@/ui/field.tsx";
import { Textarea } from "@/ui/input.tsx";
import { toast } from "@/ui/toast.ts";
import { ViewTable } from "./view-table.tsx";

type Open = { id: string; message: string; cure: string };

/** What needs a person, of every workspace and of the installation: taken in hand, then closed with what was done. */
export function IncidentsPanel() {
  const utils = trpc.useUtils();
  const [closing, setClosing] = useState<Open | null>(null);
  const [done, setDone] = useState("");
  const settled = {
    onSuccess: () => {
      setClosing(null);
      setDone("");
      void utils.ops.query.invalidate();
      void utils.incidents.invalidate();
    },
    onError: (error: unknown) => toast.error(refusal(error).message),
  };
  const acknowledge = trpc.incidents.acknowledge.useMutation(settled);
  const resolve = trpc.incidents.resolve.useMutation(settled);
  return (
    <>
      <ViewTable
        view="incidents_open"
        actions={(row) => [
          {
            label: "I look after it",
            disabledReason: row["acknowledged_at"] ? "Somebody does already." : null,
            onSelect: () => acknowledge.mutate({ incidentId: String(row["id"]) }),
          },
          {
            label: "Resolve…",
            onSelect: () =>
              setClosing({
                id: String(row["id"]),
                message: String(row["message"]),
                cure: String(row["cure"]),
              }),
          },
        ]}
      />
      <Dialog
        open={closing !== null}
        onOpenChange={(open) => !open && setClosing(null)}
        title="Resolve this incident"
        footer={
          <Button
            look="filled"
            busy={resolve.isPending}
            onClick={() =>
              closing &&
              resolve.mutate({
                incidentId: closing.id,
                ...(done.trim() ? { resolution: done.trim() } : {}),
              })
            }
          >
            Resolve
          </Button>
        }
      >
        <p className="text-ink">{closing?.message}</p>
        <p className="mt-1">Next step: {closing?.cure}</p>
        <Field
          label="What was done"
          optional
          className="mt-3"
          help="If the cause is still there, the incident opens again by itself."
        >
          <Textarea rows={3} value={done} onChange={(event) => setDone(event.target.value)} />
        </Field>
      </Dialog>
    </>
  );
}
