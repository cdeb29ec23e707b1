import { notesProcedures as notes, tasksProcedures as its } from "@parley/core/follow-ups/schema";
import { procedure, router } from "../trpc.ts";
import { addNote } from "./add-note.ts";
import { assignTask, cancelTask, completeTask, letAgentCall, rescheduleTask } from "./change-task.ts";
import { createTask } from "./create-task.ts";
import { listTasks } from "./list-tasks.ts";

export const tasksRouter = router({
  list: procedure
    .input(its.list.input)
    .output(its.list.output)
    .query(({ ctx, input }) => listTasks(ctx, input)),
  create: procedure
    .input(its.create.input)
    .output(its.create.output)
    .mutation(({ ctx, input }) => createTask(ctx, input)),
  assign: procedure
    .input(its.assign.input)
    .output(its.assign.output)
    .mutation(({ ctx, input }) => assignTask(ctx, input)),
  letAgentCall: procedure
    .input(its.letAgentCall.input)
    .output(its.letAgentCall.output)
    .mutation(({ ctx, input }) => letAgentCall(ctx, input)),
  reschedule: procedure
    .input(its.reschedule.input)
    .output(its.reschedule.output)
    .mutation(({ ctx, input }) => rescheduleTask(ctx, input)),
  complete: procedure
    .input(its.complete.input)
    .output(its.complete.output)
    .mutation(({ ctx, input }) => completeTask(ctx, input)),
  cancel: procedure
    .input(its.cancel.input)
    .output(its.cancel.output)
    .mutation(({ ctx, input }) => cancelTask(ctx, input)),
});

export const notesRouter = router({
  add: procedure
    .input(notes.add.input)
    .output(notes.add.output)
    .mutation(({ ctx, input }) => addNote(ctx, input)),
});
