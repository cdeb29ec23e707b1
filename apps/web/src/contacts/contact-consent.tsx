import { consentBases, consentChannels } from "@parley/core/contacts/schema";
import { Plus } from "lucide-react";
import { useState } from "react";
import { paths } from "@/paths.ts";
import { Go } from "@/shell/go.tsx";
import { useRefused } from "@/shell/me.ts";
import { isOutcome, OutcomeWord } from "@/signs/outcome.tsx";
import { receiptLines } from "@/signs/receipt.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Field, FieldGroup } from "@/ui/field.tsx";
import { FormError } from "@/ui/form-error.tsx";
import { Input, Select, Textarea } from "@/ui/input.tsx";
import { Section } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.ts";
import type { ContactDetail } from "./contact-facts.tsx";

type Channel = (typeof consentChannels)[number];
type Basis = (typeof consentBases)[number];
const channelWords: Record<Channel, string> = { call: "Calls", whatsapp: "WhatsApp", email: "E-mail" };
const basisWords: Record<Basis, string> = {
  express: "Express consent",
  written: "Written consent",
  existing: "Existing customer",
};

/** What the person agreed to, with the evidence, and what each call was dialled on. */
export function ContactConsent({ contact }: { contact: ContactDetail }) {
  const utils = trpc.useUtils();
  const [adding, setAdding] = useState(false);
  const [showing, setShowing] = useState(false);
  const refused = useRefused("consents.add");
  const revoke = trpc.consents.revoke.useMutation({
    onSuccess: () => {
      void utils.contacts.invalidate();
      void utils.timeline.invalidate();
      toast.done("The consent is withdrawn; calls that need it stop");
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  return (
    <Section
      title="Consent"
      className="border-b border-line"
      aside={
        <>
          {contact.calls.total > 0 && (
            <Button look="link" size="sm" onClick={() => setShowing(true)}>
              Receipts
            </Button>
          )}
          <Button look="link" size="sm" icon={Plus} disabledReason={refused} onClick={() => setAdding(true)}>
            Record
          </Button>
        </>
      }
    >
      {contact.consents.length === 0 ? (
        <p className="px-4 pb-3 text-ink-2 lg:px-5">
          Nothing recorded. Where the rules ask for consent, this person is skipped until it is.
        </p>
      ) : (
        <ul>
          {contact.consents.map((consent) => (
            <li key={consent.id} className="border-t border-line px-4 py-2 lg:px-5">
              <div className="flex items-baseline gap-2">
                <span className="min-w-0 grow">
                  {channelWords[consent.channel]}: {basisWords[consent.basis]}
                  {consent.revokedAt && (
                    <span className="text-warn-ink">
                      , withdrawn <Time at={consent.revokedAt} />
                    </span>
                  )}
                </span>
                {!consent.revokedAt && (
                  <Button
                    look="link"
                    size="sm"
                    busy={revoke.isPending && revoke.variables?.consentId === consent.id}
                    disabledReason={refused}
                    onClick={() => revoke.mutate({ contactId: contact.id, consentId: consent.id })}
                  >
                    Withdraw
                  </Button>
                )}
              </div>
              <p className="text-xs text-ink-2">
                {consent.source}, <Time at={consent.obtainedAt} />
                {consent.expiresAt && (
                  <>
                    , until <Time at={consent.expiresAt} />
                  </>
                )}
              </p>
              {consent.evidence && <p className="break-words text-xs text-ink-3">{consent.evidence}</p>}
            </li>
          ))}
        </ul>
      )}
      {adding && <RecordDialog contactId={contact.id} onClose={() => setAdding(false)} />}
      {showing && <ReceiptsDialog contactId={contact.id} onClose={() => setShowing(false)} />}
    </Section>
  );
}

function RecordDialog({ contactId, onClose }: { contactId: string; onClose: () => void }) {
  const utils = trpc.useUtils();
  const [channels, setChannels] = useState<Channel[]>(["call"]);
  const [basis, setBasis] = useState<Basis>("express");
  const [source, setSource] = useState("");
  const [day, setDay] = useState(new Date().toISOString().slice(0, 10));
  const [evidence, setEvidence] = useState("");
  const add = trpc.consents.add.useMutation({
    onSuccess: () => {
      void utils.contacts.invalidate();
      void utils.timeline.invalidate();
      onClose();
    },
  });
  const missing =
    channels.length === 0
      ? "Choose what the consent is for."
      : source.trim() === ""
        ? "Say where it was given."
        : day === ""
          ? "Say when it was given."
          : null;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Record a consent"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="filled"
            busy={add.isPending}
            disabledReason={missing}
            onClick={() =>
              add.mutate({
                contactId,
                channels,
                basis,
                source: source.trim(),
                obtainedAt: new Date(`${day}T00:00`).toISOString(),
                ...(evidence.trim() ? { evidence: evidence.trim() } : {}),
              })
            }
          >
            Record
          </Button>
        </>
      }
    >
      <div className="space-y-3">
        <FormError>{add.error ? refusal(add.error).message : null}</FormError>
        <FieldGroup label="For">
          <div className="flex flex-wrap gap-x-5">
            {consentChannels.map((channel) => (
              <Checkbox
                key={channel}
                label={channelWords[channel]}
                checked={channels.includes(channel)}
                onChecked={(on) =>
                  setChannels(on ? [...channels, channel] : channels.filter((other) => other !== channel))
                }
              />
            ))}
          </div>
        </FieldGroup>
        <Field label="How">
          <Select value={basis} onChange={(event) => setBasis(event.target.value as Basis)}>
            {consentBases.map((each) => (
              <option key={each} value={each}>
                {basisWords[each]}
              </option>
            ))}
          </Select>
        </Field>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Where it was given">
            <Input
              value={source}
              placeholder="Web form, fair, call"
              onChange={(event) => setSource(event.target.value)}
            />
          </Field>
          <Field label="When">
            <Input type="date" value={day} onChange={(event) => setDay(event.target.value)} />
          </Field>
        </div>
        <Field label="Evidence" optional help="A link, a form's number, the words that were said.">
          <Textarea rows={2} value={evidence} onChange={(event) => setEvidence(event.target.value)} />
        </Field>
      </div>
    </Dialog>
  );
}

/** Rules, hours, consent and disclosure of each call, as they were when it was dialled. */
function ReceiptsDialog({ contactId, onClose }: { contactId: string; onClose: () => void }) {
  const query = trpc.consents.receipts.useInfiniteQuery(
    { contactId, limit: 20 },
    { getNextPageParam: (page) => page.nextCursor },
  );
  const receipts = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Dialog open wide onOpenChange={(open) => !open && onClose()} title="What each call was dialled on">
      {query.isSuccess && receipts.length === 0 && (
        <p className="text-ink-2">No call has been dialled yet.</p>
      )}
      <ul className="space-y-3">
        {receipts.map(({ callId, at, outcome, receipt }) => (
          <li key={callId} className="border-b border-line pb-3 last:border-b-0">
            <Go place={paths.call(callId)} className="flex gap-2 font-medium hover:underline">
              <Time at={at} />
              {isOutcome(outcome) && <OutcomeWord outcome={outcome} />}
            </Go>
            <dl className="mt-1 grid grid-cols-[120px_minmax(0,1fr)] gap-x-3 text-xs">
              {receiptLines(receipt).map((line) => (
                <div key={line.name} className="contents">
                  <dt className="text-ink-3">{line.name}</dt>
                  <dd className="break-words text-ink-2">{line.detail}</dd>
                </div>
              ))}
            </dl>
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <Button className="mt-3" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Show earlier
        </Button>
      )}
    </Dialog>
  );
}
