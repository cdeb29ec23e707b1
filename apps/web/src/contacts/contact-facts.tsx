import { systemStages } from "@parley/core/contacts/stages";
import { Link } from "@tanstack/react-router";
import { Pencil } from "lucide-react";
import { useState } from "react";
import { paths } from "@/paths.ts";
import { useRefused } from "@/shell/me.ts";
import type { Outputs } from "@/trpc.ts";
import { trpc } from "@/trpc.ts";
import { Chip } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { zoneCity } from "@/ui/format.ts";
import { Fact, Facts, None, Section } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";
import { ContactConsent } from "./contact-consent.tsx";
import { regionName } from "./regions.ts";
import { EditContactDialog } from "./edit-contact-dialog.tsx";

export type ContactDetail = Outputs["contacts"]["get"];

const reasons: Record<string, string> = {
  asked: "asked not to be called",
  dnc: "on a do-not-call register",
  manual: "by hand",
  wrong_number: "wrong number",
  complaint: "complained",
};

/** What is known about a person, and where it came from. */
export function ContactFacts({ contact }: { contact: ContactDetail }) {
  const [editing, setEditing] = useState(false);
  const refused = useRefused("contacts.update");
  const fields = trpc.customFields.list.useQuery({}, { staleTime: 300_000 });
  const stages = fields.data?.stages ?? systemStages;
  const custom = Object.entries(contact.custom).filter(([, value]) => value !== null && value !== "");
  const text = (value: string | null) => value ?? <None />;
  return (
    <>
      <Section
        title="Particulars"
        className="border-b border-line"
        aside={
          <Button
            look="link"
            size="sm"
            icon={Pencil}
            disabledReason={refused}
            onClick={() => setEditing(true)}
          >
            Edit
          </Button>
        }
      >
        <Facts>
          <Fact
            name="Phone"
            aside={contact.phoneNumber && <CopyButton value={contact.phoneNumber} label="Copy the number" />}
          >
            {contact.phoneNumber ? <span className="mono">{contact.phoneNumber}</span> : <None />}
          </Fact>
          <Fact name="E-mail">{text(contact.email)}</Fact>
          <Fact name="Company">{text(contact.company)}</Fact>
          <Fact name="Place">
            {[contact.city, contact.country ? regionName(contact.country) : null]
              .filter(Boolean)
              .join(", ") || <None />}
          </Fact>
          <Fact name="Time zone">
            {contact.timeZone
              ? zoneCity(contact.timeZone)
              : contact.zones.length > 0
                ? `${contact.zones.map(zoneCity).slice(0, 3).join(" or ")}, from the number`
                : "unknown"}
          </Fact>
          <Fact name="Stage">
            {stages.find((stage) => stage.key === contact.stage)?.name ?? text(contact.stage)}
          </Fact>
          <Fact name="Tags">
            {contact.tags.length === 0 ? (
              <None />
            ) : (
              <span className="flex flex-wrap gap-1">
                {contact.tags.map((tag) => (
                  <Link key={tag} {...paths.contacts({ tag })} className="hover:underline">
                    <Chip>{tag}</Chip>
                  </Link>
                ))}
              </span>
            )}
          </Fact>
          {contact.notes && <Fact name="Notes">{contact.notes}</Fact>}
          {custom.map(([key, value]) => (
            <Fact
              key={key}
              name={
                <span className="block first-letter:uppercase">
                  {fields.data?.items.find((field) => field.key === key)?.label ?? key.replaceAll("_", " ")}
                </span>
              }
            >
              {String(value)}
            </Fact>
          ))}
        </Facts>
      </Section>
      {contact.suppressions.length > 0 && (
        <Section title="Suppressed" className="border-b border-line">
          <Facts>
            {contact.suppressions.map((entry) => (
              <Fact
                key={entry.id}
                name={entry.channel === "all" ? "Everywhere" : entry.channel}
                aside={<Time at={entry.at} className="text-ink-3" />}
              >
                {reasons[entry.reason] ?? entry.reason}
              </Fact>
            ))}
          </Facts>
        </Section>
      )}
      <ContactConsent contact={contact} />
      <p className="px-4 py-3 text-xs text-ink-3 lg:px-5">
        Added <Time at={contact.createdAt} />
        {contact.importId ? (
          <>
            {" "}
            with{" "}
            <Link
              {...paths.import(contact.importId)}
              className="text-accent-ink underline underline-offset-2"
            >
              a file
            </Link>
          </>
        ) : (
          <> by {contact.source}</>
        )}
      </p>
      {editing && <EditContactDialog contact={contact} onClose={() => setEditing(false)} />}
    </>
  );
}
