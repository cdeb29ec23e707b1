import { expect, test } from "vitest";
import { groupCommit } from "./group-commit.ts";

/** A writer whose every group waits until it is let go, as a commit waits for the disk. */
function slowWriter({ items = 100, bytes = 1000 } = {}) {
  const groups: { items: string[]; written: (told: string[]) => void; failed: (error: unknown) => void }[] =
    [];
  const keep = groupCommit<string, string>(
    (group) =>
      new Promise((written, failed) => {
        groups.push({ items: group, written, failed });
      }),
    { items, bytes, bytesOf: (item) => item.length, isRefusal: (error) => error === "refused" },
  );
  const last = () => groups.at(-1)!;
  const letGo = async () => {
    last().written(last().items.map((item) => `kept ${item}`));
    await new Promise((turn) => setImmediate(turn));
  };
  return { keep, groups, last, letGo };
}

test("at rest an item is written at once, alone", () => {
  const { keep, groups } = slowWriter();
  void keep("a");
  expect(groups.map(({ items }) => items)).toEqual([["a"]]);
});

test("what arrives while a group is written goes together: 65 deliveries are two commits, each told its own result", async () => {
  const { keep, groups, letGo } = slowWriter();
  const told = Promise.all(["first", ...Array.from({ length: 64 }, (_, n) => `${n}`)].map(keep));
  await letGo();
  await letGo();
  expect(groups.map(({ items }) => items.length)).toEqual([1, 64]);
  expect((await told).slice(0, 3)).toEqual(["kept first", "kept 0", "kept 1"]);
});

test("nobody is told before the group is written", async () => {
  const { keep, letGo } = slowWriter();
  let told = false;
  void keep("a").then(() => (told = true));
  await new Promise((turn) => setImmediate(turn));
  expect(told).toBe(false);
  await letGo();
  expect(told).toBe(true);
});

test("a group has bounds in number and in size; one item may be larger alone", async () => {
  const { keep, groups, letGo } = slowWriter({ items: 3, bytes: 10 });
  for (const item of ["a", "b", "c", "d", "e", "six-of-them", "eight-by", "8-and-8"]) void keep(item);
  for (let n = 0; n < 5; n++) await letGo();
  expect(groups.map(({ items }) => items)).toEqual([
    ["a"],
    ["b", "c", "d"],
    ["e"],
    ["six-of-them"],
    ["eight-by"],
    ["8-and-8"],
  ]);
});

test("one item that is refused fails alone; the others of its group are kept", async () => {
  const { keep, last, letGo } = slowWriter();
  void keep("first");
  const told = Promise.allSettled(["good", "bad", "also good"].map(keep));
  await letGo();
  last().failed("refused");
  await new Promise((turn) => setImmediate(turn));
  await letGo();
  last().failed("refused");
  await new Promise((turn) => setImmediate(turn));
  await letGo();
  expect(await told).toMatchObject([
    { value: "kept good" },
    { reason: "refused" },
    { value: "kept also good" },
  ]);
});

test("when the database is away all of the group are told, and the next ones are tried anew", async () => {
  const { keep, last, letGo } = slowWriter();
  const told = Promise.allSettled(["a"].map(keep));
  last().failed("away");
  expect(await told).toMatchObject([{ reason: "away" }]);
  const later = keep("b");
  await letGo();
  expect(await later).toBe("kept b");
});
