import { taskFilters, taskStatuses } from "@parley/core/follow-ups/words";
import { command } from "../command.ts";
import { usage } from "../failure.ts";
import { moment, table } from "../render.ts";
import { instant, oneOf, whole } from "../values.ts";

export const tasksList = command({
  name: "tasks",
  summary: "List callbacks and other follow-ups by their time",
  options: {
    filter: { value: "WHOSE", help: taskFilters.join(", ") },
    status: { value: "STATUS", help: `${taskStatuses.join(", ")} (default open)` },
    due: { value: "TIME", help: "Due before" },
    limit: { value: "N", help: "How many (default 20)" },
  },
  async run({ options, session }) {
    const { api } = session.open();
    const { items } = await api.tasks.list.query({
      filter: oneOf(options.filter, taskFilters, "--filter"),
      status: oneOf(options.status, taskStatuses, "--status"),
      dueBefore: instant(options.due, "--due"),
      limit: whole(options.limit, "--limit") ?? 20,
    });
    session.terminal.show(items, () =>
      items.length === 0
        ? "There is nothing to do."
        : table(
            items,
            [
              { title: "DUE", of: (each) => (each.dueAt ? moment(each.dueAt) : "") },
              { title: "WHAT", of: (each) => each.title },
              { title: "NUMBER", of: (each) => each.phoneNumber ?? "" },
              {
                title: "WHO",
                of: (each) => (each.agentCalls ? "the agent" : (each.assigneeName ?? "nobody")),
              },
              { title: "ID", of: (each) => each.id },
            ],
            session.terminal.columns,
          ),
    );
  },
});

export const taskMove = command({
  name: "task move",
  summary: "Move a follow-up to another time; a call by the agent moves with it",
  takes: ["TASK", "TIME"],
  async run({ args, session }) {
    const dueAt = instant(args[1], "TIME");
    if (!dueAt) throw usage("task move needs a TIME.");
    const task = await session.open().api.tasks.reschedule.mutate({ taskId: args[0]!, dueAt });
    session.terminal.show(task, () => `${task.title}: ${moment(task.dueAt ?? "")}.`);
  },
});

export const taskDone = command({
  name: "task done",
  summary: "Close a follow-up",
  takes: ["TASK"],
  options: { note: { value: "TEXT", help: "What came of it" }, cancel: { help: "Call it off instead" } },
  async run({ args, options, session }) {
    const { tasks } = session.open().api;
    const asked = { taskId: args[0]!, note: options.note };
    const task = await (options.cancel ? tasks.cancel.mutate(asked) : tasks.complete.mutate(asked));
    session.terminal.show(task, () => `${task.title}: ${task.status}.`);
  },
});
