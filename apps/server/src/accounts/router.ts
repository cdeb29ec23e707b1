import {
  apiKeysProcedures,
  auditProcedures,
  authProcedures,
  destinationsProcedures,
  membersProcedures,
  settingsProcedures,
} from "@parley/core/accounts/schema";
import { openProcedure, procedure, router } from "../trpc.ts";
import { createApiKey, listApiKeys, revokeApiKey } from "./api-keys.ts";
import { changePassword } from "./change-password.ts";
import { confirmDestination, listDestinations, removeDestination } from "./destinations.ts";
import { acceptInvitation, readInvitation } from "./invitation.ts";
import { listAudit } from "./list-audit.ts";
import { me } from "./me.ts";
import { inviteMember, listMembers, removeMember, setMemberRole } from "./members.ts";
import { resetPassword } from "./reset-password.ts";
import { getSettings, updateSettings } from "./settings.ts";
import { signIn } from "./sign-in.ts";
import { signOut } from "./sign-out.ts";
import { signUp } from "./sign-up.ts";
import { switchWorkspace } from "./switch-workspace.ts";

const auth = authProcedures;
export const authRouter = router({
  signUp: openProcedure
    .input(auth.signUp.input)
    .output(auth.signUp.output)
    .mutation(({ ctx, input }) => signUp(ctx, input)),
  signIn: openProcedure
    .input(auth.signIn.input)
    .output(auth.signIn.output)
    .mutation(({ ctx, input }) => signIn(ctx, input)),
  signOut: openProcedure
    .input(auth.signOut.input)
    .output(auth.signOut.output)
    .mutation(({ ctx }) => signOut(ctx)),
  me: openProcedure
    .input(auth.me.input)
    .output(auth.me.output)
    .query(({ ctx }) => me(ctx)),
  switch: openProcedure
    .input(auth.switch.input)
    .output(auth.switch.output)
    .mutation(({ ctx, input }) => switchWorkspace(ctx, input)),
  changePassword: openProcedure
    .input(auth.changePassword.input)
    .output(auth.changePassword.output)
    .mutation(({ ctx, input }) => changePassword(ctx, input)),
  resetPassword: openProcedure
    .input(auth.resetPassword.input)
    .output(auth.resetPassword.output)
    .mutation(({ ctx, input }) => resetPassword(ctx, input)),
  invitation: openProcedure
    .input(auth.invitation.input)
    .output(auth.invitation.output)
    .query(({ ctx, input }) => readInvitation(ctx, input)),
  acceptInvitation: openProcedure
    .input(auth.acceptInvitation.input)
    .output(auth.acceptInvitation.output)
    .mutation(({ ctx, input }) => acceptInvitation(ctx, input)),
});

const keys = apiKeysProcedures;
export const apiKeysRouter = router({
  create: procedure
    .input(keys.create.input)
    .output(keys.create.output)
    .mutation(({ ctx, input }) => createApiKey(ctx, input)),
  list: procedure
    .input(keys.list.input)
    .output(keys.list.output)
    .query(({ ctx }) => listApiKeys(ctx)),
  revoke: procedure
    .input(keys.revoke.input)
    .output(keys.revoke.output)
    .mutation(({ ctx, input }) => revokeApiKey(ctx, input)),
});

const members = membersProcedures;
export const membersRouter = router({
  list: procedure
    .input(members.list.input)
    .output(members.list.output)
    .query(({ ctx }) => listMembers(ctx)),
  invite: procedure
    .input(members.invite.input)
    .output(members.invite.output)
    .mutation(({ ctx, input }) => inviteMember(ctx, input)),
  setRole: procedure
    .input(members.setRole.input)
    .output(members.setRole.output)
    .mutation(({ ctx, input }) => setMemberRole(ctx, input)),
  remove: procedure
    .input(members.remove.input)
    .output(members.remove.output)
    .mutation(({ ctx, input }) => removeMember(ctx, input)),
});

export const settingsRouter = router({
  get: procedure
    .input(settingsProcedures.get.input)
    .output(settingsProcedures.get.output)
    .query(({ ctx }) => getSettings(ctx)),
  update: procedure
    .input(settingsProcedures.update.input)
    .output(settingsProcedures.update.output)
    .mutation(({ ctx, input }) => updateSettings(ctx, input)),
});

export const destinationsRouter = router({
  list: procedure
    .input(destinationsProcedures.list.input)
    .output(destinationsProcedures.list.output)
    .query(({ ctx }) => listDestinations(ctx)),
  confirm: procedure
    .input(destinationsProcedures.confirm.input)
    .output(destinationsProcedures.confirm.output)
    .mutation(({ ctx, input }) => confirmDestination(ctx, input)),
  remove: procedure
    .input(destinationsProcedures.remove.input)
    .output(destinationsProcedures.remove.output)
    .mutation(({ ctx, input }) => removeDestination(ctx, input)),
});

export const auditRouter = router({
  list: procedure
    .input(auditProcedures.list.input)
    .output(auditProcedures.list.output)
    .query(({ ctx, input }) => listAudit(ctx, input)),
});
