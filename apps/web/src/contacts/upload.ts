import { http } from "@/paths.ts";
import { csrf } from "@/trpc.ts";

export interface Upload {
  done: Promise<{ importId: string }>;
  cancel: () => void;
}

/**
 * Sends a file and tells how much of it has left. One key per file: a request repeated after a broken connection
 * makes one import.
 */
export function upload(
  file: File,
  defaultRegion: string,
  onProgress: (sent: number, total: number) => void,
): Upload {
  const request = new XMLHttpRequest();
  const done = new Promise<{ importId: string }>((resolve, reject) => {
    request.open("POST", http.upload({ name: file.name, defaultRegion }));
    for (const [name, value] of Object.entries(csrf)) request.setRequestHeader(name, value);
    request.setRequestHeader("idempotency-key", crypto.randomUUID());
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.total));
    request.addEventListener("load", () => {
      const answer = parse(request.responseText);
      if (request.status === 201 && typeof answer["importId"] === "string") {
        resolve({ importId: answer["importId"] });
      } else {
        reject(new Error(messageOf(answer) ?? `The server refused the file (${request.status}). Try again.`));
      }
    });
    request.addEventListener("error", () =>
      reject(new Error("The connection broke while sending. Nothing was imported; send the file again.")),
    );
    request.addEventListener("abort", () => reject(new DOMException("Cancelled", "AbortError")));
    const body = new FormData();
    body.set("file", file, file.name);
    request.send(body);
  });
  return { done, cancel: () => request.abort() };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The sentence in an error body, wherever it stands. */
function messageOf(answer: Record<string, unknown>): string | null {
  if (typeof answer["message"] === "string") return answer["message"];
  const inner = answer["error"];
  if (typeof inner === "object" && inner !== null && "message" in inner && typeof inner.message === "string")
    return inner.message;
  return null;
}
