import { consentBases } from "@parley/core/contacts/schema";
import { useState } from "react";
import { Chip } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { Field } from "@/ui/field.tsx";
import { Input, Select } from "@/ui/input.tsx";
import type { Inputs } from "@/trpc.ts";
import type { Import } from "./import-page.tsx";

type Consent = NonNullable<Inputs["imports"]["commit"]["consent"]>;

export interface Extras {
  tags: string[];
  overwrite: boolean;
  consent: Consent | null;
  /** What still has to be filled in. */
  problem: string | null;
}

export const noExtras: Extras = { tags: [], overwrite: false, consent: null, problem: null };

const basisWords: Record<(typeof consentBases)[number], string> = {
  express: "They said yes to calls",
  written: "They said yes in writing",
  existing: "They are customers already",
};

/** What all rows of the file get beside their own cells: tags, and the consent they gave. */
export function ImportExtras({
  upload,
  extras,
  onChange,
}: {
  upload: Import;
  extras: Extras;
  onChange: (extras: Extras) => void;
}) {
  const [tag, setTag] = useState("");
  const [asked, setAsked] = useState(false);
  const [source, setSource] = useState("");
  const [basis, setBasis] = useState<(typeof consentBases)[number]>("express");
  const [on, setOn] = useState(() => new Date().toISOString().slice(0, 10));
  const suggested = upload.name.replace(/\.[a-z]+$/i, "").slice(0, 60);

  const withConsent = (next: { asked: boolean; source: string; basis: typeof basis; on: string }) =>
    onChange({
      ...extras,
      consent:
        next.asked && next.source.trim() !== "" && next.on !== ""
          ? {
              channels: ["call"],
              basis: next.basis,
              source: next.source.trim(),
              obtainedAt: new Date(`${next.on}T00:00:00`).toISOString(),
            }
          : null,
      problem: next.asked && next.source.trim() === "" ? "Say where the consent was given" : null,
    });

  const addTag = (word: string) => {
    const clean = word.trim();
    if (clean !== "" && !extras.tags.includes(clean)) onChange({ ...extras, tags: [...extras.tags, clean] });
    setTag("");
  };

  return (
    <section aria-label="For all rows" className="flex flex-col gap-4 border-y border-line px-4 py-4 lg:px-5">
      <Field label="Tag all as" optional>
        <Input
          value={tag}
          placeholder={suggested}
          onChange={(event) => setTag(event.target.value)}
          onBlur={() => tag.trim() !== "" && addTag(tag)}
          onKeyDown={(event) => {
            if (event.key === "Enter" || event.key === ",") {
              event.preventDefault();
              addTag(tag || suggested);
            }
          }}
        />
      </Field>
      <div className="-mt-2 flex flex-wrap items-center gap-1">
        {extras.tags.map((each) => (
          <Chip
            key={each}
            removeLabel={`Remove ${each}`}
            onRemove={() => onChange({ ...extras, tags: extras.tags.filter((other) => other !== each) })}
          >
            {each}
          </Chip>
        ))}
        {extras.tags.length === 0 && (
          <Button look="link" size="sm" onClick={() => addTag(suggested)}>
            Tag with “{suggested}”
          </Button>
        )}
      </div>
      <Checkbox
        label="Overwrite what known contacts already have"
        checked={extras.overwrite}
        onChecked={(overwrite) => onChange({ ...extras, overwrite })}
      />
      <Checkbox
        label="Everyone in this file agreed to be called"
        checked={asked}
        onChecked={(next) => {
          setAsked(next);
          withConsent({ asked: next, source, basis, on });
        }}
      />
      {asked && (
        <div className="grid gap-3 pl-6 sm:grid-cols-2">
          <Field label="How">
            <Select
              value={basis}
              onChange={(event) => {
                const next = event.target.value as typeof basis;
                setBasis(next);
                withConsent({ asked, source, basis: next, on });
              }}
            >
              {consentBases.map((each) => (
                <option key={each} value={each}>
                  {basisWords[each]}
                </option>
              ))}
            </Select>
          </Field>
          <Field label="When">
            <Input
              type="date"
              value={on}
              onChange={(event) => {
                setOn(event.target.value);
                withConsent({ asked, source, basis, on: event.target.value });
              }}
            />
          </Field>
          <Field
            label="Where"
            help="A form, a fair, a contract: what you would show if asked."
            className="sm:col-span-2"
          >
            <Input
              value={source}
              onChange={(event) => {
                setSource(event.target.value);
                withConsent({ asked, source: event.target.value, basis, on });
              }}
            />
          </Field>
        </div>
      )}
    </section>
  );
}
