import { CircleX, Pencil, Plus } from "lucide-react";
import { count } from "@/ui/format.ts";
import { None, SectionHead } from "@/ui/section.tsx";
import type { Import } from "./import-page.tsx";

type Row = Import["preview"][number];

const text = (row: Row, key: string): string | null => {
  const value = row.contact?.[key];
  if (Array.isArray(value)) return value.length > 0 ? value.map(String).join(", ") : null;
  return value === undefined || value === null || value === "" ? null : String(value);
};

const custom = (row: Row): Record<string, unknown> => {
  const value = row.contact?.["custom"];
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
};

const most = 8;

/** The first rows as they will be stored. */
export function ImportPreview({ upload }: { upload: Import }) {
  const rows = upload.preview.slice(0, most);
  if (rows.length === 0) return null;
  const keys = ["email", "company", "city", "country", "tags"]
    .filter((key) => rows.some((row) => text(row, key)))
    .slice(0, 3);
  const extra = [...new Set(rows.flatMap((row) => Object.keys(custom(row))))].slice(0, 2);
  const heads: Record<string, string> = {
    email: "E-mail",
    company: "Company",
    city: "City",
    country: "Country",
    tags: "Tags",
  };
  return (
    <section aria-label="Preview" className="border-b border-line">
      <SectionHead title="Preview" note={`as it will be stored, first ${count(rows.length)} rows`} />
      <div
        className="overflow-x-auto"
        tabIndex={0}
        role="region"
        aria-label="Preview of the rows"
        data-inset-focus
      >
        <table className="w-full border-collapse whitespace-nowrap">
          <thead className="bg-sunken text-xs text-ink-3">
            <tr className="h-7 text-left [&>th]:px-2.5 [&>th]:font-medium">
              <th scope="col" className="!pl-4 text-right lg:!pl-5">
                Row
              </th>
              <th scope="col">Will be</th>
              <th scope="col">Name</th>
              <th scope="col">Phone</th>
              {keys.map((key) => (
                <th key={key} scope="col">
                  {heads[key]}
                </th>
              ))}
              {extra.map((key) => (
                <th key={key} scope="col" className="first-letter:uppercase">
                  {key.replaceAll("_", " ")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.row} className="h-[var(--row)] border-t border-line [&>td]:px-2.5">
                <td className="tnum !pl-4 text-right text-ink-3 lg:!pl-5">{count(row.row)}</td>
                <td>
                  {row.contact === null ? (
                    <span className="inline-flex items-center gap-1.5 align-middle text-bad-ink">
                      <CircleX className="size-3.5" strokeWidth={1.75} aria-hidden />
                      Rejected
                    </span>
                  ) : row.contact["known"] === true ? (
                    <span className="inline-flex items-center gap-1.5 align-middle text-ink-2">
                      <Pencil className="size-3.5" strokeWidth={1.75} aria-hidden />
                      Update
                    </span>
                  ) : (
                    <span className="inline-flex items-center gap-1.5 align-middle text-ok-ink">
                      <Plus className="size-3.5" strokeWidth={1.75} aria-hidden />
                      New
                    </span>
                  )}
                </td>
                {row.contact === null ? (
                  <td
                    colSpan={2 + keys.length + extra.length}
                    className="mono max-w-0 truncate text-ink-3"
                    title={row.cells.join(" · ")}
                  >
                    {row.cells.join(" · ")}
                  </td>
                ) : (
                  <>
                    <td className="max-w-48 truncate font-medium">
                      {text(row, "name") ?? <span className="font-normal text-ink-3">No name</span>}
                    </td>
                    <td className="mono">{text(row, "phoneNumber") ?? <None />}</td>
                    {keys.map((key) => (
                      <td key={key} className="max-w-40 truncate">
                        {text(row, key) ?? <None />}
                      </td>
                    ))}
                    {extra.map((key) => (
                      <td key={key} className="max-w-40 truncate">
                        {custom(row)[key] == null ? <None /> : String(custom(row)[key])}
                      </td>
                    ))}
                  </>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
