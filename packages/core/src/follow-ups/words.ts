/** How tasks are named; no zod, so that every screen can import it. */
export const taskKinds = ["callback", "meeting", "follow_up", "review"] as const;
export type TaskKind = (typeof taskKinds)[number];

export const taskStatuses = ["open", "done", "canceled"] as const;
export type TaskStatus = (typeof taskStatuses)[number];

/** Whose: one's own, nobody's, the agents'. */
export const taskFilters = ["mine", "unassigned", "agents"] as const;
export type TaskFilter = (typeof taskFilters)[number];

export const taskKindWords: Record<TaskKind, string> = {
  callback: "Call back",
  meeting: "Meet",
  follow_up: "Follow up with",
  review: "Look at",
};

/** What a task is called when nobody has named it. */
export const taskTitle = (kind: TaskKind, who: string | null): string =>
  `${taskKindWords[kind]} ${who ?? "this contact"}`;

const because = { done: "The task is done.", canceled: "The task was called off." } as const;

/** Why an open task's act is refused; null: it may be done. */
export const taskClosed = (status: TaskStatus): string | null => (status === "open" ? null : because[status]);
