import type { ImportField } from "@parley/core/contacts/csv-map";
import { customKey, importFields, requiredFields } from "@parley/core/contacts/csv-map";
import { importCan } from "@parley/core/imports/status";
import { ArrowRight } from "lucide-react";
import { useState } from "react";
import { useRefused } from "@/shell/me.ts";
import { refusal, trpc } from "@/trpc.ts";
import { cn } from "@/ui/cn.ts";
import { count } from "@/ui/format.ts";
import { Select } from "@/ui/input.tsx";
import { SectionHead } from "@/ui/section.tsx";
import { toast } from "@/ui/toast.ts";
import type { Import } from "./import-page.tsx";

const fieldNames: Record<(typeof importFields)[number], string> = {
  name: "Name",
  phone_number: "Phone",
  email: "E-mail",
  company: "Company",
  city: "City",
  country: "Country",
  notes: "Notes",
  tags: "Tags",
  consent: "Consent to calls",
  consent_at: "Day of consent",
  consent_source: "Where consent was given",
  consent_evidence: "Evidence of consent",
};

const nowhere = "";

/** Which column of the file is which field. A change checks all rows again. */
export function ImportColumns({ upload }: { upload: Import }) {
  const utils = trpc.useUtils();
  const refused = useRefused("imports.setMapping");
  const fields = trpc.customFields.list.useQuery({});
  const [mapping, setMapping] = useState<Record<string, string | null>>(upload.mapping);
  const save = trpc.imports.setMapping.useMutation({
    // Awaited: until the page knows that the rows are checked anew, a second choice would be refused and lost.
    onSuccess: () => utils.imports.get.invalidate({ importId: upload.id }),
    onError: (error) => {
      setMapping(upload.mapping);
      toast.error(refusal(error).message);
    },
  });
  const can = importCan.setMapping(upload.status);
  const off = refused !== null || !can.ok || save.isPending;
  const sample = (column: number) => upload.preview.map((row) => row.cells[column]).find(Boolean);
  const taken = new Map(
    Object.entries(mapping).flatMap(([header, field]) => (field ? [[field, header]] : [])),
  );
  const imported = Object.values(mapping).filter((field) => field !== null).length;
  const missing = requiredFields.filter((field) => !taken.has(field));
  const known = fields.data?.items ?? [];

  const change = (header: string, value: string) => {
    const field = value === nowhere ? null : (value as ImportField);
    const next = { ...mapping };
    // A field has one column: the one chosen last.
    for (const other of Object.keys(next)) if (field !== null && next[other] === field) next[other] = null;
    next[header] = field;
    setMapping(next);
    save.mutate({ importId: upload.id, mapping: next as Record<string, ImportField | null> });
  };

  return (
    <section aria-label="Columns">
      <SectionHead title="Columns" note={`${count(imported)} of ${count(upload.headers.length)} imported`} />
      {missing.length > 0 && (
        <p className="border-t border-warn-line bg-warn-tint px-4 py-2 text-warn-ink lg:px-5">
          Which column holds the phone number? Without it nobody can be called.
        </p>
      )}
      <table className="w-full table-fixed border-collapse">
        <thead className="bg-sunken text-xs text-ink-3">
          <tr className="h-7 text-left [&>th]:font-medium">
            <th scope="col" className="pl-4 lg:pl-5">
              In your file
            </th>
            <th scope="col" className="w-6">
              <span className="sr-only">goes to</span>
            </th>
            <th scope="col" className="w-[46%] pl-2 pr-4 lg:pr-5">
              Goes to
            </th>
          </tr>
        </thead>
        <tbody>
          {upload.headers.map((header, index) => {
            const field = mapping[header] ?? null;
            const own = customKey(header);
            const isRequired = field !== null && (requiredFields as readonly string[]).includes(field);
            const options = [
              ...importFields.map((each) => ({ value: each as string, label: fieldNames[each] })),
              ...known.map((each) => ({ value: `custom:${each.key}`, label: each.label })),
            ];
            if (field?.startsWith("custom:") && !options.some((option) => option.value === field)) {
              options.push({ value: field, label: `New field: ${field.slice(7).replaceAll("_", " ")}` });
            } else if (own && !options.some((option) => option.value === `custom:${own}`)) {
              options.push({ value: `custom:${own}`, label: `New field: ${own.replaceAll("_", " ")}` });
            }
            return (
              <tr key={header} className={cn("border-t border-line", field === null && "text-ink-3")}>
                <th scope="row" className="py-1 pl-4 text-left align-middle font-normal lg:pl-5">
                  <span className="block truncate font-medium" title={header}>
                    {header || <em className="text-ink-3">no heading</em>}
                  </span>
                  <span
                    className="block min-h-4 truncate text-xs font-normal text-ink-3"
                    title={sample(index)}
                  >
                    {sample(index)}
                  </span>
                </th>
                <td>
                  <ArrowRight className="size-3.5 text-ink-3" strokeWidth={1.75} aria-hidden />
                </td>
                <td className="py-1 pl-2 pr-4 lg:pr-5">
                  <Select
                    inCell
                    className="w-full"
                    aria-label={`${header} goes to`}
                    value={field ?? nowhere}
                    disabled={off}
                    onChange={(event) => change(header, event.target.value)}
                  >
                    <option value={nowhere}>Do not import</option>
                    {options.map((option) => {
                      const other = taken.get(option.value);
                      return (
                        <option key={option.value} value={option.value}>
                          {option.label}
                          {other !== undefined && other !== header ? ` (now: ${other})` : ""}
                          {option.value === "phone_number" && !isRequired ? ", required" : ""}
                        </option>
                      );
                    })}
                  </Select>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
