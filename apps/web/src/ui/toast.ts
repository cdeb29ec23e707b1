export interface Notice {
  id: number;
  words: string;
  kind: "done" | "error";
  undo?: () => void;
}

let notices: Notice[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function publish(next: Notice[]) {
  notices = next;
  for (const listener of listeners) listener();
}

/** What the region at the bottom right shows; it is loaded apart. */
export const noticeStore = {
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
  get: () => notices,
  dismiss: (id: number) => publish(notices.filter((notice) => notice.id !== id)),
};

/** One line at the bottom right. Errors stay until closed; the rest leave after six seconds. */
export const toast = {
  done: (words: string, options: { undo?: () => void } = {}) =>
    publish([...notices.slice(-3), { id: nextId++, words, kind: "done", ...options }]),
  error: (words: string) => publish([...notices.slice(-3), { id: nextId++, words, kind: "error" }]),
};
