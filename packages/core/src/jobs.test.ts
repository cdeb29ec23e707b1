import { expect, test } from "vitest";
import { jobKey, jobNames, jobs, jobsOf } from "./jobs.ts";

const id = "0190f7e2-7c1b-7f00-8000-000000000001";

test("each task has one runner, and what a caller waits for is on the live one", () => {
  expect([...jobsOf("live"), ...jobsOf("slow")].toSorted()).toEqual(jobNames.toSorted());
  expect(jobsOf("live")).toEqual(
    expect.arrayContaining(["calls/dispatch", "calls/place", "webhooks/drain", "campaigns/settle_item"]),
  );
  expect(jobsOf("slow")).toEqual(expect.arrayContaining(["leads/analyse", "contacts/import"]));
});

test("names are slice/verb_noun, and a keyed task keys on its own row", () => {
  for (const name of jobNames) {
    expect(name).toMatch(/^[a-z]+\/[a-z_]+$/);
    const { payload, subject } = jobs[name];
    if (subject !== null) expect(Object.keys(payload.shape)).toContain(subject);
    else expect(Object.keys(payload.shape)).toEqual([]);
  }
});

test("the same work twice is one job", () => {
  expect(jobKey("calls/place", { userId: id, callId: id })).toBe(`calls/place:${id}`);
  expect(jobKey("calls/dispatch", {})).toBe("calls/dispatch");
});

test("a payload is ids and nothing else", () => {
  expect(jobs["calls/place"].payload.safeParse({ userId: id, callId: "1" }).success).toBe(false);
  expect(jobs["calls/dispatch"].payload.safeParse({ userId: id }).success).toBe(false);
});
