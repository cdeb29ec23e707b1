import { agentsTasks } from "./agents/tasks.ts";
import { callTasks } from "./calls/tasks.ts";
import type { Task } from "./define-task.ts";
import { upkeepTasks } from "./internal/tasks.ts";

/** Every task this program runs, slice by slice. */
export const tasks: Task[] = [...agentsTasks, ...callTasks, ...upkeepTasks];
