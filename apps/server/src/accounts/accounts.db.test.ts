import { expect, test } from "vitest";
import { grantAdmin, resetPasswordLink } from "./owner-commands.ts";
import { refusal, visitor } from "../testing/visitor.ts";
import { useServer } from "../testing/server.ts";

const server = useServer();

const tokenOf = (link: string) => link.split("/").at(-1)!;

test("signing up makes a workspace with stages, credits and an owner, and the first one is platform admin", async () => {
  const asha = await server.signUp({ name: "Asha", company: "Clinic" });
  expect(asha.session.member).toMatchObject({ name: "Asha", role: "owner", isPlatformAdmin: true });
  expect(asha.session.user).toMatchObject({ company: "Clinic", credits: 10_000, concurrentLimit: 2 });
  const { rows: stages } = await server.db.owner.query(
    "select key from stages where user_id = $1 order by rank",
    [asha.session.user.id],
  );
  expect(stages.map(({ key }) => key)).toEqual([
    "new",
    "attempted",
    "contacted",
    "not_interested",
    "interested",
    "booked",
  ]);
  const { items } = await asha.trpc.billing.ledger.query({});
  expect(items).toMatchObject([{ kind: "grant", amount: 10_000, balance: 10_000 }]);
  const ben = await server.signUp({ name: "Ben" });
  expect(ben.session.member.isPlatformAdmin).toBe(false);
});

test("seeded people do not take the first place", async () => {
  await server.db.owner.query("update people set seeded = true");
  const { session } = await server.signUp();
  expect(session.member.isPlatformAdmin).toBe(true);
});

test("an address signs up once", async () => {
  const { email } = await server.signUp();
  expect(await refusal(server.signUp({ email }))).toBe("conflict");
  expect(await refusal(server.signUp({ email: email.toUpperCase() }))).toBe("conflict");
});

test("a session is stored as a hash, ends at sign-out, and its role is read anew with every request", async () => {
  const asha = await server.signUp();
  const token = asha.cookie!.split("=")[1]!;
  const { rows } = await server.db.owner.query(
    "select id from sessions where person_id = (select id from people where email = $1)",
    [asha.email],
  );
  expect(rows).toHaveLength(1);
  expect(rows[0].id).not.toContain(token);
  await server.db.owner.query("update members set role = 'viewer' where id = $1", [asha.session.member.id]);
  expect(await refusal(asha.trpc.settings.update.mutate({ company: "Other" }))).toBe("not_allowed");
  await asha.trpc.auth.signOut.mutate({});
  expect(
    (await fetch(`${server.url}/trpc/auth.me`, { headers: { cookie: `parley_s=${token}` } })).status,
  ).toBe(401);
});

test("a session is over when it was idle too long, and at its absolute end however busy it was", async () => {
  const asha = await server.signUp();
  const bySession = "where person_id = (select id from people where email = $1)";
  await server.db.owner.query(
    `update sessions set idle_expires_at = app.wall() - interval '1 second' ${bySession}`,
    [asha.email],
  );
  expect(await refusal(asha.trpc.auth.me.query({}))).toBe("not_signed_in");
  await server.db.owner.query(`delete from sessions ${bySession}`, [asha.email]);
  await asha.trpc.auth.signIn.mutate({ email: asha.email, password: asha.password });
  // Used after half of its idle time, it lives on, but never past its absolute end.
  await server.db.owner.query(
    `update sessions set idle_expires_at = app.wall() + interval '1 day', expires_at = app.wall() + interval '3 days' ${bySession}`,
    [asha.email],
  );
  await asha.trpc.auth.me.query({});
  const { rows } = await server.db.owner.query(
    `select idle_expires_at = expires_at as capped from sessions ${bySession}`,
    [asha.email],
  );
  expect(rows).toEqual([{ capped: true }]);
  await server.db.owner.query(
    `update sessions set expires_at = app.wall() - interval '1 second' ${bySession}`,
    [asha.email],
  );
  expect(await refusal(asha.trpc.auth.me.query({}))).toBe("not_signed_in");
});

test("signing in answers the same to a wrong password and to an unknown address", async () => {
  const { email, password } = await server.signUp();
  const door = server.visitor().trpc.auth.signIn;
  const wrong = await door
    .mutate({ email, password: "not the password" })
    .catch((error: Error) => error.message);
  const unknown = await door
    .mutate({ email: "nobody@example.com", password })
    .catch((error: Error) => error.message);
  expect(wrong).toBe(unknown);
  expect((await door.mutate({ email, password })).member.email).toBe(email);
});

test("changing the password signs every other browser out and gives this one a new session", async () => {
  const asha = await server.signUp();
  const elsewhere = server.visitor();
  await elsewhere.trpc.auth.signIn.mutate({ email: asha.email, password: asha.password });
  const before = asha.cookie;
  const change = asha.trpc.auth.changePassword;
  expect(await refusal(change.mutate({ currentPassword: "wrong", newPassword: "another long one" }))).toBe(
    "invalid",
  );
  await change.mutate({ currentPassword: asha.password, newPassword: "another long one" });
  expect(asha.cookie).not.toBe(before);
  expect((await asha.trpc.auth.me.query({})).person.email).toBe(asha.email);
  expect(await refusal(elsewhere.trpc.auth.me.query({}))).toBe("not_signed_in");
  expect(
    await refusal(elsewhere.trpc.auth.signIn.mutate({ email: asha.email, password: asha.password })),
  ).toBe("not_signed_in");
});

test("an invitation makes a new person with the password they set, once", async () => {
  const owner = await server.signUp({ company: "Clinic" });
  const { link } = await owner.trpc.members.invite.mutate({ role: "agent", email: "new@example.com" });
  const token = tokenOf(link);
  const guest = server.visitor();
  expect(await guest.trpc.auth.invitation.query({ token })).toMatchObject({
    company: "Clinic",
    role: "agent",
    knownPerson: false,
  });
  const accept = (its: object) =>
    guest.trpc.auth.acceptInvitation.mutate({ token, password: "a new long password", ...its });
  expect(await refusal(accept({ name: "New", email: "other@example.com" }))).toBe("invalid");
  expect((await accept({ name: "New" })).member).toMatchObject({ email: "new@example.com", role: "agent" });
  expect(await refusal(accept({ name: "New" }))).toBe("not_found");
  const { items } = await owner.trpc.members.list.query({});
  expect(items.map(({ email, role }) => [email, role])).toEqual([
    [owner.email, "owner"],
    ["new@example.com", "agent"],
  ]);
});

test("an invitation never changes the password of somebody who signs in here already", async () => {
  const [owner, guest] = [await server.signUp({ company: "Clinic" }), await server.signUp()];
  const { link } = await owner.trpc.members.invite.mutate({ role: "manager" });
  const accept = (password: string) =>
    server.visitor().trpc.auth.acceptInvitation.mutate({
      token: tokenOf(link),
      email: guest.email,
      name: "Mallory",
      password,
    });
  expect(await refusal(accept("a password I chose"))).toBe("not_signed_in");
  expect((await accept(guest.password)).user.company).toBe("Clinic");
  const me = await guest.trpc.auth.me.query({});
  expect(me.person.name).toBe("Asha");
  expect(me.memberships).toHaveLength(2);
  const there = await guest.trpc.auth.switch.mutate({ userId: owner.session.user.id });
  expect(there).toMatchObject({ member: { role: "manager" }, user: { company: "Clinic" } });
});

test("nobody switches into a workspace that is not theirs", async () => {
  const [one, other] = [await server.signUp(), await server.signUp()];
  expect(await refusal(one.trpc.auth.switch.mutate({ userId: other.session.user.id }))).toBe("not_found");
});

test("the last owner can neither leave nor step down, also when two try at once", async () => {
  const asha = await server.signUp();
  const mine = asha.session.member.id;
  expect(await refusal(asha.trpc.members.remove.mutate({ id: mine }))).toBe("conflict");
  expect(await refusal(asha.trpc.members.setRole.mutate({ id: mine, role: "viewer" }))).toBe("conflict");
  const { link } = await asha.trpc.members.invite.mutate({ role: "owner" });
  const ben = server.visitor();
  const { member } = await ben.trpc.auth.acceptInvitation.mutate({
    token: tokenOf(link),
    email: "ben.owner@example.com",
    name: "Ben",
    password: "a new long password",
  });
  const outcomes = await Promise.all([
    refusal(asha.trpc.members.remove.mutate({ id: member.id })),
    refusal(ben.trpc.members.remove.mutate({ id: mine })),
  ]);
  expect(outcomes.filter((outcome) => outcome === "answered")).toHaveLength(1);
});

test("a key does what its scopes and its maker's present role allow, and nothing once revoked or its maker gone", async () => {
  const owner = await server.signUp();
  const { id, key } = await owner.trpc.apiKeys.create.mutate({ name: "CI", scopes: ["read", "manage"] });
  const program = visitor(server.url, { key });
  expect((await program.trpc.settings.get.query({})).company).toBe(owner.session.user.company);
  expect((await program.trpc.auth.me.query({})).person.email).toBe(owner.email);
  await program.trpc.settings.update.mutate({ company: "Renamed" });
  expect(await refusal(program.trpc.members.invite.mutate({ role: "owner" }))).toBe("not_allowed");
  await server.db.owner.query("update members set role = 'viewer' where id = $1", [owner.session.member.id]);
  expect(await refusal(program.trpc.settings.update.mutate({ company: "Again" }))).toBe("not_allowed");
  await owner.trpc.apiKeys.revoke.mutate({ id });
  expect(await refusal(program.trpc.settings.get.query({}))).toBe("not_signed_in");
  const { items } = await owner.trpc.apiKeys.list.query({});
  expect(items).toMatchObject([{ name: "CI", createdBy: "Asha", scopes: ["read", "manage"] }]);
  expect(JSON.stringify(items)).not.toContain(key);
});

test("nobody gives a key more than they may do themselves", async () => {
  const owner = await server.signUp();
  expect(await refusal(owner.trpc.apiKeys.create.mutate({ name: "x", scopes: ["platform"] }))).toBe(
    "not_allowed",
  );
});

test("settings keep what is not named, and the audit log tells both values and who", async () => {
  const owner = await server.signUp({ name: "Asha", company: "Before" });
  const frequencyCap = { dialsMax: 3, answeredMax: null, days: 7 };
  const after = await owner.trpc.settings.update.mutate({
    company: "After",
    frequencyCap,
    ruleSet: "by-country",
  });
  expect(after).toMatchObject({
    company: "After",
    frequencyCap,
    ruleSet: "by-country",
    ruleSetLocked: false,
    timeZone: "UTC",
  });
  expect(await owner.trpc.settings.get.query({})).toEqual(after);
  const { items } = await owner.trpc.audit.list.query({ action: "settings.updated" });
  expect(items).toMatchObject([
    { actor: "Asha", changes: { company: ["Before", "After"], ruleSet: ["rehearsal", "by-country"] } },
  ]);
});

test("the operator raises limits, gives credits and stops dialling, each written down", async () => {
  const tenant = await server.signUp({ company: "Needs more" });
  const operator = await server.signUp();
  await server.db.owner.query("update people set is_platform_admin = true where email = $1", [
    operator.email,
  ]);
  const { admin } = operator.trpc;
  const userId = tenant.session.user.id;
  expect(await refusal(tenant.trpc.admin.grantCredits.mutate({ userId, credits: 1, reason: "x" }))).toBe(
    "not_allowed",
  );
  expect(await admin.grantCredits.mutate({ userId, credits: 50, reason: "Goodwill" })).toEqual({
    userId,
    credits: 10_050,
  });
  expect(await admin.setLimits.mutate({ userId, concurrentLimit: 7 })).toMatchObject({ concurrentLimit: 7 });
  expect(await admin.setLimits.mutate({ systemLimit: 25 })).toMatchObject({
    systemLimit: 25,
    directReserve: 1,
  });
  expect(await admin.setLimits.mutate({ directReserve: 3 })).toMatchObject({
    systemLimit: 25,
    directReserve: 3,
  });
  expect(await admin.pauseDialling.mutate({ paused: true, reason: "Fire drill" })).toEqual({
    paused: true,
    inAir: 0,
  });
  const { items, system } = await admin.tenants.query({ search: "needs" });
  expect(items).toMatchObject([{ company: "Needs more", credits: 10_050, concurrentLimit: 7, members: 1 }]);
  expect(system).toMatchObject({ systemLimit: 25, diallingPaused: true, diallingPausedReason: "Fire drill" });
  const told = await tenant.trpc.audit.list.query({});
  expect(told.items.map(({ action }) => action)).toEqual([
    "limits.set",
    "credits.granted",
    "workspace.created",
  ]);
});

test("notices are read by those who see them, page by page", async () => {
  const owner = await server.signUp();
  for (const kind of ["one", "two", "three"])
    await server.db.owner.query(
      "insert into notifications (user_id, kind, title, ref) values ($1, $2, $2, $2)",
      [owner.session.user.id, kind],
    );
  const first = await owner.trpc.notifications.list.query({ limit: 2 });
  expect(first.items.map(({ kind }) => kind)).toEqual(["three", "two"]);
  const second = await owner.trpc.notifications.list.query({ limit: 2, cursor: first.nextCursor });
  expect(second).toMatchObject({ items: [{ kind: "one" }], nextCursor: null, unread: 3 });
  expect(await owner.trpc.notifications.markRead.mutate({ ids: [second.items[0]!.id] })).toEqual({
    unread: 2,
  });
  expect(await owner.trpc.notifications.markRead.mutate({})).toEqual({ unread: 0 });
  expect(await refusal(owner.trpc.notifications.list.query({ cursor: "nonsense" }))).toBe("invalid");
});

test("with the owner's login somebody becomes platform admin, or gets a link that resets the password once", async () => {
  const asha = await server.signUp({ name: "Asha" });
  const { owner } = server.db.urls;
  expect(await grantAdmin(owner, "nobody@example.com")).toBeNull();
  expect(await grantAdmin(owner, asha.email)).toBe("Asha");
  expect((await asha.trpc.auth.me.query({})).person.isPlatformAdmin).toBe(true);
  const token = tokenOf((await resetPasswordLink(owner, asha.email, server.url))!);
  const reset = (newPassword: string) =>
    server.visitor().trpc.auth.resetPassword.mutate({ token, newPassword });
  await reset("one more long password");
  expect(await refusal(reset("and another long password"))).toBe("invalid");
  expect(await refusal(asha.trpc.auth.me.query({}))).toBe("not_signed_in");
  const back = await server
    .visitor()
    .trpc.auth.signIn.mutate({ email: asha.email, password: "one more long password" });
  expect(back.member.email).toBe(asha.email);
});
