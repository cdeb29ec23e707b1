/** Where an upload stands, and what can be done to it. */
import { can } from "../can.ts";

export const importStatuses = [
  "receiving",
  "mapping",
  "validating",
  "ready",
  "committing",
  "done",
  "failed",
  "undoing",
  "undone",
] as const;
export type ImportStatus = (typeof importStatuses)[number];

/** Nothing moves any more unless a person acts. */
export function isAtRest(status: ImportStatus): boolean {
  return !["receiving", "validating", "committing", "undoing"].includes(status);
}

const because: Record<ImportStatus, string> = {
  receiving: "The file is still being read. Wait until its columns are shown.",
  mapping: "The phone column is not chosen yet. Choose it, then go on.",
  validating: "The rows are still being checked.",
  ready: "The rows are checked but not added yet. Commit the import first.",
  committing: "The contacts are being added. Wait until that is done.",
  done: "The contacts have been added. Undo the import, or upload the file again.",
  failed: "The import failed and changed nothing. Upload the file again.",
  undoing: "The import is being undone.",
  undone: "The import was undone. Upload the file again.",
};

export const importCan = {
  setMapping: can<ImportStatus>(["mapping", "ready"], (status) => because[status]),
  commit: can<ImportStatus>(["ready"], (status) => because[status]),
  undo: can<ImportStatus>(["done"], (status) => because[status]),
  cancel: can<ImportStatus>(["receiving", "mapping", "validating", "ready"], (status) => because[status]),
};
