import { roles } from "@parley/core/accounts/permissions";
import type { Role } from "@parley/core/accounts/permissions";
import { useState } from "react";
import { useMe, useRefused } from "@/shell/me.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { DangerDialog, Dialog } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Field } from "@/ui/field.tsx";
import { Input, Select } from "@/ui/input.tsx";
import { None, Section } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Ago, Time } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.ts";
import { FormError } from "@/ui/form-error.tsx";

const roleWords: Record<Role, string> = {
  owner: "Owner: everything, and who else may",
  manager: "Manager: campaigns, agents, imports, money to read",
  agent: "Agent: calls, contacts, follow-ups",
  viewer: "Viewer: reads",
};

export function TeamSection() {
  const me = useMe();
  const members = trpc.members.list.useQuery({});
  const utils = trpc.useUtils();
  const inviteRefused = useRefused("members.invite");
  const changeRefused = useRefused("members.setRole");
  const [inviting, setInviting] = useState(false);
  const [leaving, setLeaving] = useState<{ id: string; name: string } | null>(null);
  const settled = {
    onSuccess: () => void utils.members.invalidate(),
    onError: (error: unknown) => toast.error(refusal(error).message),
  };
  const setRole = trpc.members.setRole.useMutation(settled);
  const remove = trpc.members.remove.useMutation({
    ...settled,
    onSuccess: () => {
      setLeaving(null);
      void utils.members.invalidate();
      toast.done("Removed from this workspace");
    },
  });

  if (members.isPending) return <SkeletonRows rows={4} />;
  if (members.error)
    return (
      <EmptyState small title="The team could not be read">
        <p>{refusal(members.error).message}</p>
      </EmptyState>
    );
  return (
    <>
      <Section
        title="Members"
        count={members.data.items.length}
        aside={
          <Button size="sm" disabledReason={inviteRefused} onClick={() => setInviting(true)}>
            Invite
          </Button>
        }
      >
        <ul>
          {members.data.items.map((member) => (
            <li
              key={member.id}
              className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 border-t border-line px-4 py-1.5 lg:px-5"
            >
              <span className="min-w-0 grow basis-52 truncate">
                <span className="font-medium">{member.name}</span>{" "}
                <span className="text-ink-3">{member.email}</span>
                {member.personId === me.person.id && <span className="text-ink-3"> (you)</span>}
              </span>
              <span className="w-32 text-xs text-ink-2">
                {member.lastSeenAt ? (
                  <>
                    seen <Ago at={member.lastSeenAt} />
                  </>
                ) : (
                  <None />
                )}
              </span>
              <Select
                inCell
                aria-label={`Role of ${member.name}`}
                className="w-28"
                value={member.role}
                disabled={Boolean(changeRefused) || setRole.isPending}
                title={changeRefused ?? undefined}
                onChange={(event) => setRole.mutate({ id: member.id, role: event.target.value as Role })}
              >
                {roles.map((role) => (
                  <option key={role}>{role}</option>
                ))}
              </Select>
              <Button
                look="link"
                size="sm"
                disabledReason={changeRefused}
                onClick={() => setLeaving({ id: member.id, name: member.name })}
              >
                Remove
              </Button>
            </li>
          ))}
        </ul>
      </Section>
      <div className="border-t border-line">
        <Section title="Invitations" count={members.data.invitations.length}>
          {members.data.invitations.length === 0 ? (
            <p className="border-t border-line px-4 py-2 text-ink-2 lg:px-5">
              None is open. An invitation is a link that you copy and send yourself; it works once.
            </p>
          ) : (
            <ul>
              {members.data.invitations.map((invitation) => (
                <li
                  key={invitation.id}
                  className="flex flex-wrap gap-x-3 border-t border-line px-4 py-2 lg:px-5"
                >
                  <span className="grow">{invitation.email ?? "Anyone with the link"}</span>
                  <span className="text-ink-2">as {invitation.role}</span>
                  <span className="text-ink-3">
                    until <Time at={invitation.expiresAt} />
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Section>
      </div>
      <InviteDialog open={inviting} onOpenChange={setInviting} />
      <DangerDialog
        open={leaving !== null}
        onOpenChange={(open) => !open && setLeaving(null)}
        title={`Remove ${leaving?.name ?? ""}`}
        action="Remove"
        busy={remove.isPending}
        onConfirm={() => leaving && remove.mutate({ id: leaving.id })}
      >
        <p>
          They are signed out of this workspace at once. What they did stays in the audit log; they can be
          invited again.
        </p>
      </DangerDialog>
    </>
  );
}

function InviteDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const utils = trpc.useUtils();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("agent");
  const invite = trpc.members.invite.useMutation({ onSuccess: () => void utils.members.invalidate() });
  const close = (next: boolean) => {
    onOpenChange(next);
    if (!next) {
      setEmail("");
      invite.reset();
    }
  };
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title="Invite someone"
      footer={
        invite.data ? (
          <Button look="filled" onClick={() => close(false)}>
            Done
          </Button>
        ) : (
          <Button
            look="filled"
            busy={invite.isPending}
            onClick={() => invite.mutate({ role, ...(email.trim() ? { email: email.trim() } : {}) })}
          >
            Make the link
          </Button>
        )
      }
    >
      {invite.data ? (
        <div className="space-y-2">
          <p>Send this link yourself; Parley mails nothing. It works once.</p>
          <p className="flex items-center gap-1 rounded-md border border-line-2 bg-sunken pl-2">
            <code className="mono min-w-0 grow truncate text-ink">{invite.data.link}</code>
            <CopyButton value={invite.data.link} label="Copy the link" />
          </p>
          <p className="text-xs">
            Valid until <Time at={invite.data.expiresAt} />.
          </p>
        </div>
      ) : (
        <div className="space-y-3">
          <FormError>{invite.error ? refusal(invite.error).message : null}</FormError>
          <Field label="E-mail" optional help="Then only this address can use the link.">
            <Input type="email" value={email} onChange={(event) => setEmail(event.target.value)} />
          </Field>
          <Field label="Role">
            <Select value={role} onChange={(event) => setRole(event.target.value as Role)}>
              {roles.map((name) => (
                <option key={name} value={name}>
                  {roleWords[name]}
                </option>
              ))}
            </Select>
          </Field>
        </div>
      )}
    </Dialog>
  );
}
