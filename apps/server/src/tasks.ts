import { agentsTasks } from "./agents/tasks.ts";
import { callTasks } from "./calls/tasks.ts";
import { campaignsTasks } from "./campaigns/tasks.ts";
import { contactsTasks } from "./contacts/tasks.ts";
import type { Task } from "./define-task.ts";
import { upkeepTasks } from "./internal/tasks.ts";
import { leadsTasks } from "./leads/tasks.ts";

/** Every task this program runs, slice by slice. */
export const tasks: Task[] = [
  ...agentsTasks,
  ...callTasks,
  ...campaignsTasks,
  ...contactsTasks,
  ...leadsTasks,
  ...upkeepTasks,
];
