import { expect, test } from "vitest";
import { useRig } from "../../testing/rig.ts";

const rig = useRig();

test("an uploaded list becomes contacts by its own jobs, and undone it is gone", async () => {
  const them = await rig.signUp();
  const csv = `name,phone\n${Array.from({ length: 12_000 }, (_, n) => `Person ${n},98${String(n).padStart(8, "0")}`).join("\n")}\n`;
  const answer = await them.fetch("/api/imports", {
    method: "POST",
    body: csv,
    headers: { "content-type": "text/csv" },
  });
  const { importId } = (await answer.json()) as { importId: string };
  const when = (status: string) =>
    rig.until(
      `the import is ${status}`,
      async () => {
        const now = await them.trpc.imports.get.query({ importId });
        if (now.status === "failed") throw new Error(now.error!);
        return now.status === status && now;
      },
      60_000,
    );
  expect(await when("ready")).toMatchObject({ accepted: 12_000 });
  await them.trpc.imports.commit.mutate({ importId, tags: ["autumn"] });
  expect(await when("done")).toMatchObject({ created: 12_000 });
  expect(await them.trpc.tags.list.query({})).toEqual({ items: [{ tag: "autumn", contacts: 12_000 }] });
  await them.trpc.imports.undo.mutate({ importId });
  await when("undone");
  expect((await them.trpc.contacts.list.query({})).total).toBe(0);
}, 120_000);

test("a job that was lost is found by the sweeper, and the import goes on", async () => {
  const them = await rig.signUp();
  const answer = await them.fetch("/api/imports", {
    method: "POST",
    body: "name,phone\nAsha,9876543210\n",
    headers: { "content-type": "text/csv" },
  });
  const { importId } = (await answer.json()) as { importId: string };
  await rig.until(
    "it is ready",
    async () => (await them.trpc.imports.get.query({ importId })).status === "ready",
  );
  // As a crash leaves it: decided, its job gone with the process, its lease run out.
  await rig.db.owner.query(
    "update imports set status = 'committing', lease_until = app.wall() - interval '1 second' where id = $1",
    [importId],
  );
  await rig.until(
    "it is done",
    async () => (await them.trpc.imports.get.query({ importId })).status === "done",
  );
  expect((await them.trpc.contacts.list.query({})).total).toBe(1);
});
