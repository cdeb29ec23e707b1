import { expect, test } from "vitest";
import { useServer } from "../testing/server.ts";

const server = useServer();

test("signing up makes a workspace with stages, credits and an owner, and the first one is platform admin", async () => {
  const asha = await server.signUp({ name: "Asha", company: "Clinic" });
  expect(asha.session.member).toMatchObject({ name: "Asha", role: "owner", isPlatformAdmin: true });
  expect(asha.session.user).toMatchObject({ company: "Clinic", credits: 10_000, concurrentLimit: 2 });
  const ben = await server.signUp({ name: "Ben" });
  expect(ben.session.member.isPlatformAdmin).toBe(false);
});
