import type { Caller, ProcedurePath } from "@parley/core/accounts/permissions";
import { mayCall } from "@parley/core/accounts/permissions";
import type { Outputs } from "@/trpc.ts";
import { trpc } from "@/trpc.ts";

type Me = Outputs["auth"]["me"];
export type Current = NonNullable<Me["current"]>;

/** Who is signed in and where. Only inside the shell, whose loader has fetched it. */
export function useMe(): Me & { current: Current } {
  const [me] = trpc.auth.me.useSuspenseQuery({});
  if (!me.current) throw new Error("The shell is shown to members of a workspace only.");
  return me as Me & { current: Current };
}

/** Why this person may not call a procedure, or null when they may: the server's own table, asked here. */
export function useRefused(path: ProcedurePath): string | null {
  const me = useMe();
  const caller: Caller = {
    role: me.current.member.role,
    isPlatformAdmin: me.person.isPlatformAdmin,
    scopes: null,
  };
  const verdict = mayCall(path, caller);
  return verdict.ok ? null : verdict.reason;
}

/** The workspace's words for money and place. */
export const useWorkspace = () => useMe().current.user;
