import { Link, useParams } from "@tanstack/react-router";
import { Phone, ShieldBan, ShieldCheck } from "lucide-react";
import { useState } from "react";
import { paths } from "@/paths.ts";
import { useLiveQuery } from "@/shell/live.ts";
import { useRefused } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { Score } from "@/signs/temperature.tsx";
import { Sparkline } from "@/charts/sparkline.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { useNow } from "@/ui/clock.ts";
import { clockTime, count, plural, share, viewerZone, zoneCity } from "@/ui/format.ts";
import { KeyFigure, KeyFigures } from "@/ui/key-figures.tsx";
import { toast } from "@/ui/toast.ts";
import { CallDialog } from "./call-dialog.tsx";
import { ContactFacts } from "./contact-facts.tsx";
import { ContactTasks } from "./contact-tasks.tsx";
import { ContactTimeline } from "./contact-timeline.tsx";
import { SuppressDialog } from "./suppress-dialog.tsx";
import { WhyNotCalled } from "./why-not-called.tsx";

/** One person: the whole history on one page, and what may be done next. */
export function ContactPage() {
  const { contactId } = useParams({ from: "/shell/contacts/$contactId" });
  const live = useLiveQuery();
  const [contact] = trpc.contacts.get.useSuspenseQuery({ contactId }, live);
  const now = useNow();
  const utils = trpc.useUtils();
  const [calling, setCalling] = useState(false);
  const [suppressing, setSuppressing] = useState(false);
  const placeRefused = useRefused("calls.place");
  const suppressRefused = useRefused("contacts.suppress");
  const liftRefused = useRefused("contacts.unsuppress");
  const lift = trpc.contacts.unsuppress.useMutation({
    onSuccess: () => {
      void utils.contacts.invalidate();
      toast.done("The suppression is lifted; campaigns may call again");
    },
    onError: (error) => toast.error(refusal(error).message),
  });

  const name = contact.name ?? contact.phoneNumber ?? "No name";
  const zone = contact.timeZone ?? contact.zones[0] ?? null;
  const zones = contact.timeZone ? [contact.timeZone] : contact.zones;
  const cannotCall =
    placeRefused ??
    (contact.phoneNumber ? null : "There is no phone number") ??
    (contact.suppressed ? "The number is suppressed. Lift that first." : null) ??
    (contact.openItemId ? "A call to this person is already in line." : null);

  return (
    <Page
      crumbs={[{ label: "Contacts", link: paths.contacts() }, { label: name }]}
      title={name}
      contextOnPhone
      badge={
        contact.suppressed && (
          <Badge tone="warn" icon={ShieldBan}>
            Suppressed
          </Badge>
        )
      }
      context={
        <>
          {contact.name && <span className="mono">{contact.phoneNumber}</span>}
          {contact.company && <>, {contact.company}</>}
          {contact.city && <>, {contact.city}</>}
        </>
      }
      actions={
        <>
          {contact.suppressed ? (
            <Button
              icon={ShieldCheck}
              busy={lift.isPending}
              disabledReason={liftRefused}
              onClick={() => lift.mutate({ contactId })}
            >
              Lift suppression
            </Button>
          ) : (
            <Button
              look="danger"
              icon={ShieldBan}
              disabledReason={suppressRefused ?? (contact.phoneNumber ? null : "There is no phone number")}
              onClick={() => setSuppressing(true)}
            >
              Suppress
            </Button>
          )}
          <Button look="filled" icon={Phone} disabledReason={cannotCall} onClick={() => setCalling(true)}>
            Call
          </Button>
        </>
      }
    >
      <KeyFigures label="In short" count={4}>
        <KeyFigure
          size="lg"
          label="Score"
          figure={
            contact.score === null ? "–" : <Score score={contact.score} temperature={contact.temperature} />
          }
          note={
            contact.score === null
              ? "after the first conversation"
              : `from ${plural(contact.scores.length, "conversation")}`
          }
          drawing={<Sparkline values={contact.scores.map((each) => each.score)} />}
        />
        <KeyFigure
          size="lg"
          label="Calls"
          figure={count(contact.calls.total)}
          note={
            contact.calls.total === 0
              ? "never called"
              : `${share(contact.calls.answered, contact.calls.total)} answered`
          }
          render={(cell) => <Link {...paths.calls({ contactId })} {...cell} />}
        />
        <KeyFigure
          size="lg"
          label="Their clock"
          figure={zone ? clockTime(now, zone) : "–"}
          note={
            zones.length === 0
              ? "zone unknown: set it to call"
              : zones.length === 1
                ? `${zoneCity(zones[0] ?? "")}${zone === viewerZone ? ", as yours" : ""}`
                : `${zoneCity(zones[0] ?? "")} or ${count(zones.length - 1)} more`
          }
        />
        <KeyFigure
          size="lg"
          label="Consent to calls"
          figure={<Consent contact={contact} />}
          note={
            contact.consents.find((each) => each.channel === "call" && !each.revokedAt)?.source ??
            "nothing recorded"
          }
        />
      </KeyFigures>
      {contact.openItemId && <WhyNotCalled itemId={contact.openItemId} />}
      <div className="grid lg:grid-cols-[minmax(0,1fr)_360px] xl:grid-cols-[minmax(0,1fr)_412px]">
        <div className="min-w-0 lg:border-r lg:border-line">
          <ContactTimeline contactId={contactId} agentless={contact.calls.total === 0} />
        </div>
        <aside
          aria-label="Particulars"
          className="min-w-0 max-lg:order-first max-lg:border-b max-lg:border-line"
        >
          <ContactTasks contactId={contactId} />
          <ContactFacts contact={contact} />
        </aside>
      </div>
      {calling && <CallDialog contact={contact} onClose={() => setCalling(false)} />}
      {suppressing && (
        <SuppressDialog
          numbers={contact.phoneNumber ? [contact.phoneNumber] : []}
          what={name}
          onClose={() => setSuppressing(false)}
        />
      )}
    </Page>
  );
}

const Consent = ({
  contact,
}: {
  contact: { consents: { channel: string; basis: string; revokedAt: string | null }[] };
}) => {
  const consent = contact.consents.find((each) => each.channel === "call" && !each.revokedAt);
  return (
    <>
      {consent
        ? { express: "Express", written: "Written", existing: "Existing customer" }[consent.basis]
        : "None"}
    </>
  );
};
