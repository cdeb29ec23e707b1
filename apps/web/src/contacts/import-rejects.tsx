import { rowReasonText } from "@parley/core/contacts/row";
import { Download } from "lucide-react";
import { http } from "@/paths.ts";
import { Button } from "@/ui/button.tsx";
import { count, plural } from "@/ui/format.ts";
import { SectionHead } from "@/ui/section.tsx";
import type { Import } from "./import-page.tsx";

/** Why rows do not go in: each reason with its count, an example, and what to do. */
export function ImportRejects({ upload }: { upload: Import }) {
  const reasons = Object.entries(upload.reasons).toSorted((a, b) => b[1] - a[1]);
  if (upload.rejected === 0) return null;
  return (
    <section aria-label="Rejected">
      <SectionHead
        title="Rejected"
        count={count(upload.rejected)}
        note="by reason"
        aside={
          <Button look="ghost" asChild>
            <a href={http.rejects(upload.id)} download>
              <Download className="size-3.5" strokeWidth={1.75} aria-hidden />
              Download {plural(upload.rejected, "row")} with reasons
            </a>
          </Button>
        }
      />
      <ul>
        {reasons.map(([reason, rows]) => {
          const example = upload.preview.find((row) => row.reasons.includes(reason));
          return (
            <li key={reason} className="border-t border-line px-4 py-2 lg:px-5">
              <p className="flex items-baseline gap-3">
                <span className="min-w-0 grow">{rowReasonText(reason)}</span>
                <span className="tnum font-medium">{count(rows)}</span>
              </p>
              {example && (
                <p className="mono truncate text-ink-3" title={example.cells.join(" · ")}>
                  row {count(example.row)}: {example.cells.join(" · ")}
                </p>
              )}
            </li>
          );
        })}
      </ul>
      <p className="border-t border-line px-4 py-3 text-xs text-ink-3 lg:px-5">
        A row can have several reasons. Correct the downloaded file and upload it again: contacts already
        taken are recognised.
      </p>
    </section>
  );
}
