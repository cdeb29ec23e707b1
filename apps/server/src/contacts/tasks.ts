import { jobContext } from "../context.ts";
import { defineTask, type Task } from "../define-task.ts";
import { runImport, runImportCommit, runImportUndo } from "./import/run.ts";
import { tidy } from "./import/tidy.ts";

export const contactsTasks: Task[] = [
  defineTask("contacts/import", (parts, { userId, importId }, signal) =>
    runImport(jobContext(parts, userId), importId, signal),
  ),
  defineTask("contacts/commit_import", (parts, { userId, importId }, signal) =>
    runImportCommit(jobContext(parts, userId), importId, signal),
  ),
  defineTask("contacts/undo_import", (parts, { userId, importId }, signal) =>
    runImportUndo(jobContext(parts, userId), importId, signal),
  ),
  defineTask("contacts/tidy_import", (parts, { userId, importId }) =>
    tidy(jobContext(parts, userId), importId),
  ),
];
