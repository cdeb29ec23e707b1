import { expect, test } from "vitest";
import { response, responseEnd, responsesRequest } from "./openai.ts";

const made = (change: Record<string, unknown>): ReturnType<typeof response.parse> =>
  response.parse({
    id: "resp_1",
    object: "response",
    created_at: 1,
    status: "completed",
    model: "gpt-6-luna",
    output: [],
    ...change,
  });

const message = (...content: unknown[]): Record<string, unknown> => ({
  output: [
    { id: "rs_1", type: "reasoning", summary: [] },
    { id: "msg_1", type: "message", role: "assistant", content },
  ],
});

test.each([
  [
    "text behind a reasoning item",
    message({ type: "output_text", text: "{}" }),
    { kind: "answer", text: "{}" },
  ],
  ["a refusal", message({ type: "refusal", refusal: "No." }), { kind: "refusal", reason: "No." }],
  [
    "a cut-off answer",
    { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    { kind: "incomplete", reason: "max_output_tokens" },
  ],
  [
    "a failed run",
    { status: "failed", error: { code: "server_error", message: "Sorry." } },
    { kind: "failed", code: "server_error", message: "Sorry." },
  ],
  ["nothing at all", message({ type: "output_text", text: " " }), { kind: "empty" }],
])("a 200 can hold %s", (_, change, end) => {
  expect(responseEnd(made(change))).toEqual(end);
});

test("only an answer that is complete may be parsed", () => {
  const cut = made({ status: "incomplete", ...message({ type: "output_text", text: "{" }) });
  expect(responseEnd(cut).kind).toBe("incomplete");
});

test("personal limits of a request are kept before it is sent", () => {
  const request = { model: "gpt-6-luna", input: "x" };
  expect(responsesRequest.safeParse({ ...request, max_output_tokens: 15 }).success).toBe(false);
  expect(responsesRequest.safeParse({ ...request, safety_identifier: "x".repeat(129) }).success).toBe(false);
  expect(responsesRequest.safeParse({ ...request, metadata: { call: "x".repeat(513) } }).success).toBe(false);
});
