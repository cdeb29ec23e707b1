import { reasonOf } from "@parley/core/reasons";
import { Bot, CalendarCheck, Check, Eye, ListTodo, MoreHorizontal, PhoneForwarded } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { useState } from "react";
import { paths } from "@/paths.ts";
import type { Outputs } from "@/trpc.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { useNow } from "@/ui/clock.ts";
import { cn } from "@/ui/cn.ts";
import { Dialog } from "@/ui/dialog.tsx";
import { Field } from "@/ui/field.tsx";
import { clockTime, dateTimeField, fromDateTimeField, zoneCity } from "@/ui/format.ts";
import { FormError } from "@/ui/form-error.tsx";
import { Input, Select } from "@/ui/input.tsx";
import { Menu } from "@/ui/popover.tsx";
import { Time } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.ts";
import { Go } from "./go.tsx";
import { useRefused } from "./me.ts";

export type Task = Outputs["tasks"]["list"]["items"][number];

const icons: Record<Task["kind"], LucideIcon> = {
  callback: PhoneForwarded,
  meeting: CalendarCheck,
  follow_up: ListTodo,
  review: Eye,
};

/** Zones have several names: what matters is whether the clocks differ. */
const isElsewhere = (at: string, zone: string): boolean => clockTime(at, zone) !== clockTime(at);

/** What is to be done, by whom and when; done with one press, everything else in its menu. */
export function TaskLines({ tasks, withContact }: { tasks: Task[]; withContact: boolean }) {
  const [moving, setMoving] = useState<Task | null>(null);
  const [giving, setGiving] = useState<Task | null>(null);
  return (
    <>
      <ul>
        {tasks.map((task) => (
          <TaskLine
            key={task.id}
            task={task}
            withContact={withContact}
            onMove={setMoving}
            onGive={setGiving}
          />
        ))}
      </ul>
      {moving && <MoveDialog task={moving} onClose={() => setMoving(null)} />}
      {giving && <GiveDialog task={giving} onClose={() => setGiving(null)} />}
    </>
  );
}

function TaskLine({
  task,
  withContact,
  onMove,
  onGive,
}: {
  task: Task;
  withContact: boolean;
  onMove: (task: Task) => void;
  onGive: (task: Task) => void;
}) {
  const now = useNow();
  const utils = trpc.useUtils();
  const refused = useRefused("tasks.complete");
  const dialRefused = useRefused("tasks.letAgentCall");
  const settled = {
    onSuccess: () => void utils.tasks.invalidate(),
    onError: (error: unknown) => toast.error(refusal(error).message),
    onSettled: () => void Promise.all([utils.timeline.invalidate(), utils.home.invalidate()]),
  };
  const complete = trpc.tasks.complete.useMutation(settled);
  const cancel = trpc.tasks.cancel.useMutation(settled);
  const letAgent = trpc.tasks.letAgentCall.useMutation(settled);
  const Icon = task.agentCalls ? Bot : icons[task.kind];
  const isLate = task.dueAt !== null && Date.parse(task.dueAt) < now;
  const who = task.agentCalls ? "the agent calls" : (task.assigneeName ?? "nobody yet");
  return (
    <li className="flex items-start gap-3 border-t border-line px-4 py-2 lg:px-5">
      <Icon className="mt-0.5 size-4 shrink-0 text-ink-3" strokeWidth={1.75} aria-hidden />
      <div className="min-w-0 grow">
        <p className="truncate font-medium" title={task.title}>
          {withContact ? (
            <Go place={paths.contact(task.contactId)} className="quiet-link">
              {task.title}
            </Go>
          ) : (
            task.title
          )}
        </p>
        <p className="text-xs text-ink-2">
          {task.dueAt ? (
            <Time
              at={task.dueAt}
              zone={task.timeZone}
              className={cn(isLate && !task.agentCalls && "text-warn-ink")}
            />
          ) : (
            "no time"
          )}
          {task.dueAt && task.timeZone && isElsewhere(task.dueAt, task.timeZone) && (
            <span className="text-ink-3">
              {" "}
              ({clockTime(task.dueAt, task.timeZone)} in {zoneCity(task.timeZone)})
            </span>
          )}
          , {who}
          {task.campaignName && <span className="text-ink-3">, from {task.campaignName}</span>}
        </p>
        {task.reason && <p className="text-xs text-warn-ink">{reasonOf(task.reason).text}</p>}
        {task.note && <p className="text-xs text-ink-2">{task.note}</p>}
      </div>
      {task.status === "open" && (
        <span className="flex shrink-0 items-center">
          {!task.agentCalls && (
            <Button
              look="ghost"
              size="sm"
              icon={Check}
              busy={complete.isPending}
              disabledReason={refused}
              onClick={() => complete.mutate({ taskId: task.id })}
            >
              <span className="max-sm:sr-only">Done</span>
              <span className="sr-only">: {task.title}</span>
            </Button>
          )}
          <Menu
            trigger={
              <button
                type="button"
                aria-label={`More for ${task.title}`}
                className="grid size-9 place-items-center rounded-md text-ink-2 hover:bg-hover lg:size-7"
              >
                <MoreHorizontal className="size-4" strokeWidth={1.75} aria-hidden />
              </button>
            }
            entries={[
              { label: "Move to another time", disabledReason: refused, onSelect: () => onMove(task) },
              {
                label: task.agentCalls ? "Let a person call" : "Give to somebody",
                disabledReason: refused,
                onSelect: () => onGive(task),
              },
              ...(task.kind === "callback" && !task.agentCalls
                ? [
                    {
                      label: "Let the agent call",
                      disabledReason:
                        dialRefused ??
                        (task.callId
                          ? null
                          : "This callback comes from no call, so there is no agent for it."),
                      onSelect: () => letAgent.mutate({ taskId: task.id }),
                    },
                  ]
                : []),
              "rule" as const,
              {
                label: "Call it off",
                danger: true,
                disabledReason: refused,
                onSelect: () => cancel.mutate({ taskId: task.id }),
              },
            ]}
          />
        </span>
      )}
    </li>
  );
}

function MoveDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const utils = trpc.useUtils();
  const [at, setAt] = useState(dateTimeField(task.dueAt));
  const dueAt = fromDateTimeField(at);
  const move = trpc.tasks.reschedule.useMutation({
    onSuccess: () => {
      void utils.tasks.invalidate();
      void utils.home.invalidate();
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={task.title}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="filled"
            busy={move.isPending}
            disabledReason={dueAt ? null : "Choose a time."}
            onClick={() => dueAt && move.mutate({ taskId: task.id, dueAt })}
          >
            Move
          </Button>
        </>
      }
    >
      <div className="space-y-3">
        <FormError>{move.error ? refusal(move.error).message : null}</FormError>
        <Field
          label="When"
          help={
            dueAt && task.timeZone && isElsewhere(dueAt, task.timeZone)
              ? `Your time; ${clockTime(dueAt, task.timeZone)} in ${zoneCity(task.timeZone)}.`
              : task.agentCalls
                ? "The agent calls then, within the calling hours."
                : undefined
          }
        >
          <Input type="datetime-local" value={at} onChange={(event) => setAt(event.target.value)} />
        </Field>
      </div>
    </Dialog>
  );
}

function GiveDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const utils = trpc.useUtils();
  const members = trpc.members.list.useQuery({});
  const [assigneeId, setAssigneeId] = useState(task.assigneeId ?? "");
  const give = trpc.tasks.assign.useMutation({
    onSuccess: () => {
      void utils.tasks.invalidate();
      void utils.home.invalidate();
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={task.title}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="filled"
            busy={give.isPending}
            onClick={() => give.mutate({ taskId: task.id, assigneeId: assigneeId || null })}
          >
            Save
          </Button>
        </>
      }
    >
      <div className="space-y-3">
        <FormError>{give.error ? refusal(give.error).message : null}</FormError>
        <Field label="Whose task" help={task.agentCalls ? "The agent does not call then." : undefined}>
          <Select value={assigneeId} onChange={(event) => setAssigneeId(event.target.value)}>
            <option value="">Nobody yet</option>
            {(members.data?.items ?? []).map((member) => (
              <option key={member.personId} value={member.personId}>
                {member.name}
              </option>
            ))}
          </Select>
        </Field>
      </div>
    </Dialog>
  );
}
