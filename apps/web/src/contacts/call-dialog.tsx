import { useState } from "react";
import { usePlaceCall } from "@/shell/use-place-call.ts";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Field } from "@/ui/field.tsx";
import { languageName } from "@/ui/format.ts";
import { Select } from "@/ui/input.tsx";

const lastAgent = "parley.last-agent";

/** One call, now: who speaks, and what will happen. */
export function CallDialog({
  contact,
  onClose,
}: {
  contact: { id: string; name: string | null; phoneNumber: string | null };
  onClose: () => void;
}) {
  const agents = trpc.agents.list.useQuery({ status: "active" });
  const [chosen, setChosen] = useState(() => localStorage.getItem(lastAgent) ?? "");
  const place = usePlaceCall();
  const items = agents.data?.items ?? [];
  const agentId = items.some((agent) => agent.id === chosen) ? chosen : (items[0]?.id ?? "");
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Call ${contact.name ?? contact.phoneNumber ?? ""}`}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="filled"
            busy={place.isPending}
            disabledReason={
              agents.isPending ? "Agents are being fetched" : agentId === "" ? "Make an agent first" : null
            }
            onClick={() => {
              localStorage.setItem(lastAgent, agentId);
              place.call({ contactId: contact.id, agentId });
              onClose();
            }}
          >
            Call now
          </Button>
        </>
      }
    >
      <p className="mb-4">
        <span className="mono text-ink">{contact.phoneNumber}</span> is rung once, as soon as a line is free.
        After two minutes in line the call is dropped instead of surprising anyone later.
      </p>
      <Field label="Agent">
        <Select value={agentId} onChange={(event) => setChosen(event.target.value)}>
          {items.map((agent) => (
            <option key={agent.id} value={agent.id}>
              {agent.name} ({languageName(agent.language)})
            </option>
          ))}
        </Select>
      </Field>
    </Dialog>
  );
}
