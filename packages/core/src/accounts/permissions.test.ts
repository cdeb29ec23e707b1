import { describe, expect, test } from "vitest";
import { contract, procedures } from "../contract.ts";
import {
  atLeast,
  grantableScopes,
  mayCall,
  mayUse,
  permissions,
  roles,
  routePermissions,
  scopes,
} from "./permissions.ts";
import type { Access, Caller, ProcedurePath, Role, Scope } from "./permissions.ts";

const person = (role: Role | null, isPlatformAdmin = false): Caller => ({
  role,
  isPlatformAdmin,
  scopes: null,
});
const key = (role: Role, ...given: Scope[]): Caller => ({ role, isPlatformAdmin: false, scopes: given });
const paths = Object.keys(permissions) as ProcedurePath[];
const all: [string, Access][] = [
  ...Object.entries<Access>(permissions),
  ...Object.entries<Access>(routePermissions),
];

test("contract and permissions name the same procedures", () => {
  expect(
    procedures()
      .map(({ path }) => path)
      .toSorted(),
  ).toEqual(paths.toSorted());
  expect(Object.keys(contract)).toEqual(Object.keys(contract).toSorted());
});

describe("who may do what", () => {
  test("whoever is above may do all that those below may", () => {
    for (const [path, access] of all) {
      const may = roles.map((role) => mayUse(access, person(role)).ok);
      expect(may, path).toEqual(may.toSorted((a, b) => Number(b) - Number(a)));
    }
  });

  test("a viewer changes nothing but what is their own", () => {
    const changes = paths.filter(
      (path) => permissions[path].kind === "mutation" && mayCall(path, person("viewer")).ok,
    );
    expect(changes.filter((path) => permissions[path].who === "viewer").toSorted()).toEqual([
      "apiKeys.create",
      "apiKeys.revoke",
      "notifications.markRead",
    ]);
    expect(changes.every((path) => /^(auth|apiKeys|notifications)\./.test(path))).toBe(true);
  });

  test("nobody who is not signed in gets further than the door", () => {
    expect(paths.filter((path) => mayCall(path, null).ok)).toEqual([
      "auth.signUp",
      "auth.signIn",
      "auth.signOut",
      "auth.invitation",
      "auth.acceptInvitation",
      "auth.resetPassword",
    ]);
    expect(mayCall("calls.place", null)).toMatchObject({ ok: false, code: "not_signed_in" });
  });

  test("the operator's doors open to no role, only to the platform's own", () => {
    const operator = paths.filter((path) => permissions[path].who === "platform");
    expect(operator).toEqual(
      expect.arrayContaining(["ops.sql", "admin.grantCredits", "admin.pauseDialling"]),
    );
    for (const path of operator) {
      expect(mayCall(path, person("owner")).ok).toBe(false);
      expect(mayCall(path, person(null, true)).ok).toBe(true);
    }
    expect(mayCall("calls.place", person(null, true)).ok).toBe(false);
  });

  test("a refusal says which role is needed", () => {
    expect(mayCall("campaigns.start", person("viewer"))).toEqual({
      ok: false,
      code: "not_allowed",
      reason: expect.stringContaining("needs the role manager; yours is viewer"),
    });
    expect(atLeast("owner", "viewer")).toBe(true);
    expect(atLeast("viewer", "agent")).toBe(false);
  });
});

describe("an API key", () => {
  test("opens what its scopes say, and never more than its role", () => {
    expect(mayCall("contacts.list", key("manager", "read")).ok).toBe(true);
    expect(mayCall("campaigns.start", key("manager", "read"))).toMatchObject({
      ok: false,
      reason: expect.stringContaining("dial"),
    });
    expect(mayCall("campaigns.start", key("manager", "dial")).ok).toBe(true);
    expect(mayCall("campaigns.start", key("viewer", "dial")).ok).toBe(false);
  });

  test("cannot make keys, invite people or change a password, whatever it carries", () => {
    for (const path of [
      "apiKeys.create",
      "members.invite",
      "members.setRole",
      "auth.changePassword",
      "auth.switch",
    ] as const) {
      expect(mayCall(path, key("owner", ...scopes)).ok, path).toBe(false);
    }
  });

  test("with read alone changes nothing", () => {
    for (const path of paths) {
      if (
        permissions[path].kind === "mutation" &&
        path !== "notifications.markRead" &&
        permissions[path].who !== "public"
      ) {
        expect(mayCall(path, key("owner", "read")).ok, path).toBe(false);
      }
    }
  });

  test("gets no scope that its maker could not use", () => {
    expect(grantableScopes("viewer", false)).toEqual(["read", "manage"]);
    expect(grantableScopes("agent", false)).toEqual(["read", "contacts", "dial", "manage"]);
    expect(grantableScopes("owner", true)).toEqual([...scopes]);
    expect(grantableScopes("owner", false)).not.toContain("platform");
  });
});
