/** What is left to do for a person after a call: tasks with a time and an assignee, and notes. */
import * as z from "zod";
import { Id, Instant, LongText, page, pageInput, ShortText } from "../fields.ts";
import { taskFilters, taskKinds, taskStatuses } from "./words.ts";

export const Task = z.object({
  id: Id,
  contactId: Id,
  contactName: z.string().nullable(),
  phoneNumber: z.string().nullable(),
  /** Where the person is: their own clock. */
  timeZone: z.string().nullable(),
  kind: z.enum(taskKinds),
  status: z.enum(taskStatuses),
  title: z.string(),
  note: z.string().nullable(),
  dueAt: Instant.nullable(),
  /** The agent dials at the time; false: a person does what is to be done. */
  agentCalls: z.boolean(),
  assigneeId: Id.nullable(),
  assigneeName: z.string().nullable(),
  /** A code of reasons.ts: why it is a person's although the agent was to, or why it was called off. */
  reason: z.string().nullable(),
  callId: Id.nullable(),
  itemId: Id.nullable(),
  campaignId: Id.nullable(),
  campaignName: z.string().nullable(),
  createdAt: Instant,
  doneAt: Instant.nullable(),
});
export type Task = z.infer<typeof Task>;

const OneTask = { taskId: Id };
const TaskNote = z.string().trim().max(2000);

export const TaskDraft = z.strictObject({
  contactId: Id,
  kind: z.enum(taskKinds).default("follow_up"),
  /** Absent: made of kind and person. */
  title: ShortText.min(1).optional(),
  note: TaskNote.optional(),
  dueAt: Instant.optional(),
  /** Absent: whoever makes it; null: nobody yet. */
  assigneeId: Id.nullish(),
});
export type TaskDraft = z.infer<typeof TaskDraft>;

export const tasksProcedures = {
  /** Open ones by their time, ended ones the latest first. */
  list: {
    input: z.strictObject({
      ...pageInput,
      status: z.enum(taskStatuses).default("open"),
      filter: z.enum(taskFilters).optional(),
      contactId: Id.optional(),
      campaignId: Id.optional(),
      kind: z.enum(taskKinds).optional(),
      dueBefore: Instant.optional(),
    }),
    output: page(Task),
  },
  create: { input: TaskDraft, output: Task },
  /** Gives it to a member of the workspace, or to nobody. What the agent was to dial is a person's from then on. */
  assign: { input: z.strictObject({ ...OneTask, assigneeId: Id.nullable() }), output: Task },
  /** The agent calls at the time of the task, within hours and caps, like every other call. */
  letAgentCall: { input: z.strictObject({ ...OneTask, dueAt: Instant.optional() }), output: Task },
  reschedule: { input: z.strictObject({ ...OneTask, dueAt: Instant }), output: Task },
  complete: { input: z.strictObject({ ...OneTask, note: TaskNote.optional() }), output: Task },
  cancel: { input: z.strictObject({ ...OneTask, note: TaskNote.optional() }), output: Task },
};

export const Note = z.object({
  id: Id,
  contactId: Id,
  body: z.string(),
  author: z.string().nullable(),
  createdAt: Instant,
});
export type Note = z.infer<typeof Note>;

export const notesProcedures = {
  /** Stands in the timeline as `note.added`. */
  add: { input: z.strictObject({ contactId: Id, body: LongText.min(1, "must not be empty") }), output: Note },
};
