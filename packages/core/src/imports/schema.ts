/** Uploads of contact lists. */
import * as z from "zod";
import { Count, Id, Instant, page, pageInput, Tags } from "../fields.ts";
import { Consent } from "../contacts/schema.ts";
import { isImportField } from "../contacts/csv-map.ts";
import type { ImportField } from "../contacts/csv-map.ts";
import { importStatuses } from "./status.ts";

/** Where a column goes: a field of the contact, `custom:<key>`, or null for nowhere. */
export const ImportFieldName = z.custom<ImportField>(
  (field) => typeof field === "string" && isImportField(field),
  "must be name, phone_number, email, company, city, country, notes, tags, consent, consent_at, consent_source, consent_evidence or custom:<key>",
);

/** Header (as it stands in the file) → field. */
export const Mapping = z
  .record(z.string().max(500), ImportFieldName.nullable())
  .refine((mapping) => Object.keys(mapping).length <= 500, "must name at most 500 columns");
export type Mapping = z.infer<typeof Mapping>;

export const ImportProgress = z.object({
  /** What is being done, in the words of the status. */
  stage: z.enum(importStatuses),
  done: Count,
  /** Null while the number of rows is not known. */
  total: Count.nullable(),
  rowsPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});

export const ImportPreviewRow = z.object({
  row: Count,
  cells: z.array(z.string()),
  /** The contact it would become; null when it is rejected. */
  contact: z.record(z.string(), z.unknown()).nullable(),
  reasons: z.array(z.string()),
});

export const Import = z.object({
  id: Id,
  importId: Id,
  name: z.string(),
  status: z.enum(importStatuses),
  /** Why it failed, with the next step. */
  error: z.string().nullable(),
  headers: z.array(z.string()),
  mapping: z.record(z.string(), z.string().nullable()),
  /** What was recognised: `UTF-8`, `;`. */
  encoding: z.string().nullable(),
  delimiter: z.string().nullable(),
  sizeBytes: Count,
  defaultRegion: z.string(),
  rows: Count,
  accepted: Count,
  rejected: Count,
  duplicates: Count,
  created: Count,
  updated: Count,
  reasons: z.record(z.string(), Count),
  preview: z.array(ImportPreviewRow),
  progress: ImportProgress,
  tags: z.array(z.string()),
  createdAt: Instant,
  finishedAt: Instant.nullable(),
});
export type Import = z.infer<typeof Import>;

export const ImportRow = Import.pick({
  id: true,
  name: true,
  status: true,
  error: true,
  rows: true,
  accepted: true,
  rejected: true,
  duplicates: true,
  createdAt: true,
  finishedAt: true,
});

const ImportState = z.object({ importId: Id, status: z.enum(importStatuses) });

/** Query of `POST /api/imports`. */
export const ImportUpload = z.object({
  name: z.string().trim().max(200).optional(),
  defaultRegion: z
    .string()
    .regex(/^[A-Z]{2}$/, "must be a country code of two capitals, like IN")
    .optional(),
});

export const importsProcedures = {
  list: { input: z.strictObject(pageInput), output: page(ImportRow) },
  get: { input: z.strictObject({ importId: Id }), output: Import },
  setMapping: { input: z.strictObject({ importId: Id, mapping: Mapping }), output: ImportState },
  commit: {
    input: z.strictObject({
      importId: Id,
      tags: Tags.optional(),
      consent: Consent.optional(),
      /** Replace what known contacts already have; by default only empty fields are filled. */
      overwrite: z.boolean().optional(),
    }),
    output: ImportState,
  },
  undo: { input: z.strictObject({ importId: Id }), output: ImportState },
  /** Before it is committed: the file is thrown away. */
  cancel: { input: z.strictObject({ importId: Id }), output: ImportState },
};
