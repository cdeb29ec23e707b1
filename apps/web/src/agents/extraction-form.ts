import type { ExtractionField } from "@parley/core/agents/schema";
import { customKey } from "@parley/core/contacts/csv-map";

type Kind = ExtractionField["kind"];

/** A field of the extraction as it is edited: choices as one text, the key kept from when it was made. */
export interface FieldForm {
  key: string;
  label: string;
  description: string;
  kind: Kind;
  choices: string;
}

export const emptyField: FieldForm = { key: "", label: "", description: "", kind: "text", choices: "" };

export const kindWords: Record<Kind, string> = {
  text: "Text",
  number: "Number",
  boolean: "Yes or no",
  date: "Date",
  choice: "Choice",
};

const words = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");

type Stored = {
  key: string;
  label?: string | undefined;
  description: string;
  kind: Kind;
  choices?: string[] | undefined;
};

export const fieldForm = ({ key, label, description, kind, choices }: Stored): FieldForm => ({
  key,
  label: label ?? words(key),
  description,
  kind,
  choices: choices?.join(", ") ?? "",
});

/** Back to what the server keeps. A field keeps its key for life, so that old answers stay under it. */
export function extractionOf({ key, label, description, kind, choices }: FieldForm): ExtractionField {
  return {
    key: key || (customKey(label) ?? label),
    ...(label.trim() ? { label: label.trim() } : {}),
    description: description.trim(),
    kind,
    ...(kind === "choice"
      ? {
          choices: choices
            .split(",")
            .map((choice) => choice.trim())
            .filter(Boolean),
        }
      : {}),
  };
}
