import { jobContext } from "../context.ts";
import { defineTask, type Task } from "../define-task.ts";
import { analyseCall } from "./analyse.ts";

export const leadsTasks: Task[] = [
  defineTask("leads/analyse", (parts, payload, signal) =>
    analyseCall(jobContext(parts, payload.userId), payload, signal),
  ),
];
