import { expect, test } from "vitest";
import { limits } from "./rate-limits.ts";
import { refusal } from "./testing/visitor.ts";
import { useServer } from "./testing/server.ts";

const server = useServer({ RATE_LIMIT_FACTOR: "1" });

test("one person's password may be tried so often, and then the right one has to wait too", async () => {
  const { email, password } = await server.signUp();
  const door = server.visitor().trpc.auth.signIn;
  for (let tried = 0; tried < limits["password of one person"].max; tried++)
    expect(await refusal(door.mutate({ email, password: "guess" }))).toBe("not_signed_in");
  const refused = await door.mutate({ email, password }).catch((error: { data: object }) => error.data);
  expect(refused).toMatchObject({
    code: "limit_reached",
    httpStatus: 429,
    retryAfterSeconds: expect.any(Number),
  });
});
