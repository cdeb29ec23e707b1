import { taskKinds, taskKindWords } from "@parley/core/follow-ups/words";
import type { TaskKind } from "@parley/core/follow-ups/words";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useLiveQuery } from "@/shell/live.ts";
import { useMe, useRefused } from "@/shell/me.ts";
import { TaskLines } from "@/shell/task-lines.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Field } from "@/ui/field.tsx";
import { fromDateTimeField } from "@/ui/format.ts";
import { FormError } from "@/ui/form-error.tsx";
import { Input, Select, Textarea } from "@/ui/input.tsx";
import { Section } from "@/ui/section.tsx";

/** What is left to do for a person: agreed times first. */
export function ContactTasks({ contactId }: { contactId: string }) {
  const [adding, setAdding] = useState(false);
  const refused = useRefused("tasks.create");
  const { data } = trpc.tasks.list.useQuery({ contactId, limit: 20 }, useLiveQuery());
  const tasks = data?.items ?? [];
  return (
    <Section
      title="To do"
      count={tasks.length || undefined}
      className="border-b border-line"
      aside={
        <Button look="link" size="sm" icon={Plus} disabledReason={refused} onClick={() => setAdding(true)}>
          Add
        </Button>
      }
    >
      {tasks.length === 0 ? (
        <p className="px-4 pb-3 text-ink-2 lg:px-5">
          Nothing. Times that are agreed in a call come here by themselves.
        </p>
      ) : (
        <TaskLines tasks={tasks} withContact={false} />
      )}
      {adding && <AddTask contactId={contactId} onClose={() => setAdding(false)} />}
    </Section>
  );
}

function AddTask({ contactId, onClose }: { contactId: string; onClose: () => void }) {
  const utils = trpc.useUtils();
  const me = useMe();
  const members = trpc.members.list.useQuery({});
  const [kind, setKind] = useState<TaskKind>("follow_up");
  const [at, setAt] = useState("");
  const [note, setNote] = useState("");
  const [assigneeId, setAssigneeId] = useState(me.person.id);
  const create = trpc.tasks.create.useMutation({
    onSuccess: () => {
      void utils.tasks.invalidate();
      void utils.timeline.invalidate();
      onClose();
    },
  });
  const dueAt = fromDateTimeField(at);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Add a task"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="filled"
            busy={create.isPending}
            onClick={() =>
              create.mutate({
                contactId,
                kind,
                assigneeId: assigneeId || null,
                ...(dueAt ? { dueAt } : {}),
                ...(note.trim() ? { note: note.trim() } : {}),
              })
            }
          >
            Add
          </Button>
        </>
      }
    >
      <div className="grid gap-3 sm:grid-cols-2">
        {create.error && (
          <div className="sm:col-span-2">
            <FormError>{refusal(create.error).message}</FormError>
          </div>
        )}
        <Field label="What">
          <Select value={kind} onChange={(event) => setKind(event.target.value as TaskKind)}>
            {taskKinds.map((each) => (
              <option key={each} value={each}>
                {taskKindWords[each]}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="When" optional>
          <Input type="datetime-local" value={at} onChange={(event) => setAt(event.target.value)} />
        </Field>
        <Field label="Whose task">
          <Select value={assigneeId} onChange={(event) => setAssigneeId(event.target.value)}>
            <option value="">Nobody yet</option>
            {(members.data?.items ?? []).map((member) => (
              <option key={member.personId} value={member.personId}>
                {member.name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Note" optional className="sm:col-span-2">
          <Textarea rows={3} value={note} onChange={(event) => setNote(event.target.value)} />
        </Field>
      </div>
    </Dialog>
  );
}
