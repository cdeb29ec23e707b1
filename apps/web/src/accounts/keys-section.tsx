import { grantableScopes } from "@parley/core/accounts/permissions";
import type { Scope } from "@parley/core/accounts/permissions";
import { useState } from "react";
import { useMe, useRefused } from "@/shell/me.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { DangerDialog, Dialog } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { Field, FieldGroup } from "@/ui/field.tsx";
import { Input } from "@/ui/input.tsx";
import { Section } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Ago } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.ts";
import { FormError } from "@/ui/form-error.tsx";

/** Keys of programs. The secret is shown once, when it is made. */
export function KeysSection() {
  const keys = trpc.apiKeys.list.useQuery({});
  const utils = trpc.useUtils();
  const refused = useRefused("apiKeys.create");
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<{ id: string; name: string } | null>(null);
  const revoke = trpc.apiKeys.revoke.useMutation({
    onSuccess: () => {
      setRevoking(null);
      void utils.apiKeys.invalidate();
      toast.done("The key no longer works");
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  if (keys.isPending) return <SkeletonRows rows={3} />;
  if (keys.error)
    return (
      <EmptyState small title="The keys could not be read">
        <p>{refusal(keys.error).message}</p>
      </EmptyState>
    );
  const live = keys.data.items.filter((key) => key.revokedAt === null);
  return (
    <>
      <Section
        title="API keys"
        count={live.length}
        note="sent as Authorization: Bearer pk_…"
        aside={
          <Button size="sm" disabledReason={refused} onClick={() => setMaking(true)}>
            New key
          </Button>
        }
      >
        {live.length === 0 ? (
          <EmptyState small title="No key yet">
            <p>
              Programs use the same procedures as this dashboard.{" "}
              <code className="mono">npx parley login</code> makes a key by itself.
            </p>
          </EmptyState>
        ) : (
          <ul>
            {live.map((key) => (
              <li
                key={key.id}
                className="flex min-h-10 flex-wrap items-center gap-x-3 border-t border-line px-4 py-1.5 lg:px-5"
              >
                <span className="min-w-0 grow basis-40 truncate font-medium">{key.name}</span>
                <code className="mono text-ink-2">{key.hint}</code>
                <span className="text-xs text-ink-2">
                  {key.scopes.length > 0 ? key.scopes.join(", ") : `all that ${key.role} may`}
                </span>
                <span className="w-32 text-xs text-ink-3">
                  {key.lastUsedAt ? (
                    <>
                      used <Ago at={key.lastUsedAt} />
                    </>
                  ) : (
                    "never used"
                  )}
                </span>
                <Button
                  look="link"
                  size="sm"
                  disabledReason={refused}
                  onClick={() => setRevoking({ id: key.id, name: key.name })}
                >
                  Revoke
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Section>
      <NewKeyDialog open={making} onOpenChange={setMaking} />
      <DangerDialog
        open={revoking !== null}
        onOpenChange={(open) => !open && setRevoking(null)}
        title={`Revoke ${revoking?.name ?? ""}`}
        action="Revoke the key"
        busy={revoke.isPending}
        onConfirm={() => revoking && revoke.mutate({ id: revoking.id })}
      >
        <p>
          Programs that use it are refused from the next request on. A revoked key cannot be brought back.
        </p>
      </DangerDialog>
    </>
  );
}

const scopeWords: Record<Scope, string> = {
  read: "Read everything this workspace shows you",
  contacts: "Import and change contacts and lists of numbers",
  dial: "Place calls, start and stop campaigns",
  manage: "Change agents, settings and credits",
  platform: "Operate the whole installation, for every workspace",
};

function NewKeyDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const utils = trpc.useUtils();
  const me = useMe();
  const grantable = grantableScopes(me.current.member.role, me.person.isPlatformAdmin);
  const [name, setName] = useState("");
  // The least at first; every further right is a decision of its own.
  const [scopes, setScopes] = useState<Scope[]>(["read"]);
  const create = trpc.apiKeys.create.useMutation({ onSuccess: () => void utils.apiKeys.invalidate() });
  const close = (next: boolean) => {
    onOpenChange(next);
    if (!next) {
      setName("");
      setScopes(["read"]);
      create.reset();
    }
  };
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title="New API key"
      footer={
        create.data ? (
          <Button look="filled" onClick={() => close(false)}>
            I have copied it
          </Button>
        ) : (
          <Button
            look="filled"
            busy={create.isPending}
            disabledReason={
              !name.trim()
                ? "Name it after the program that will use it."
                : scopes.length === 0
                  ? "Choose at least one thing it may do."
                  : null
            }
            onClick={() => create.mutate({ name: name.trim(), scopes })}
          >
            Make the key
          </Button>
        )
      }
    >
      {create.data ? (
        <div className="space-y-2">
          <p>Copy it now: it is stored hashed and cannot be shown again.</p>
          <p className="flex items-center gap-1 rounded-md border border-line-2 bg-sunken pl-2">
            <code className="mono min-w-0 grow truncate text-ink">{create.data.key}</code>
            <CopyButton value={create.data.key} label="Copy the key" />
          </p>
        </div>
      ) : (
        <div className="space-y-3">
          <FormError>{create.error ? refusal(create.error).message : null}</FormError>
          <Field label="Name">
            <Input
              autoFocus
              value={name}
              placeholder="Nightly import"
              onChange={(event) => setName(event.target.value)}
            />
          </Field>
          <FieldGroup label="What it may do" help="Never more than you may do yourself.">
            <ul className="flex flex-col">
              {grantable.map((scope) => (
                <li key={scope}>
                  <Checkbox
                    checked={scopes.includes(scope)}
                    onChecked={(on) =>
                      setScopes(grantable.filter((each) => (each === scope ? on : scopes.includes(each))))
                    }
                    label={
                      <>
                        {scopeWords[scope]} <code className="mono text-xs text-ink-3">{scope}</code>
                      </>
                    }
                  />
                </li>
              ))}
            </ul>
          </FieldGroup>
        </div>
      )}
    </Dialog>
  );
}
