import { missingFields, type ColumnMapping } from "@parley/core/contacts/csv-map";
import { paths } from "@/paths.ts";
import { useRefused } from "@/shell/me.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Link } from "@tanstack/react-router";
import { Bar } from "@/ui/bar.tsx";
import { Button } from "@/ui/button.tsx";
import { count, plural } from "@/ui/format.ts";
import { toast } from "@/ui/toast.ts";
import type { Import } from "./import-page.tsx";

/** How many rows go in and how many do not; the parts sum to the file. */
export function ImportTally({ upload, overwrite }: { upload: Import; overwrite: boolean }) {
  if (upload.status === "mapping" && missingFields(upload.mapping as ColumnMapping).length === 0)
    return <UnnamedColumns upload={upload} />;
  if (upload.status === "mapping") {
    return (
      <section aria-label="Rows" className="border-b border-line px-4 py-4 lg:px-5">
        <p className="font-medium">The rows are checked as soon as the phone column is chosen.</p>
        <p className="text-ink-2">
          {plural(upload.headers.length, "column")} found. Choose on the left which of them holds the number
          to call.
        </p>
      </section>
    );
  }
  return (
    <section aria-label="Rows" className="border-b border-line px-4 py-3 lg:px-5">
      <ul className="tnum flex flex-wrap items-center gap-x-6 gap-y-1">
        <li className="inline-flex items-center gap-2">
          <span className="size-2 rounded-xs bg-o-answered" aria-hidden />
          <b className="font-semibold">{count(upload.accepted)}</b> go in
          <span className="text-xs text-ink-3">
            known contacts: {overwrite ? "cells replace what is there" : "only empty fields are filled"}
          </span>
        </li>
        <li className="inline-flex items-center gap-2">
          <span className="size-2 rounded-xs bg-o-failed" aria-hidden />
          <b className="font-semibold">{count(upload.rejected)}</b> rejected
          {upload.rejected > 0 && upload.accepted > 0 && (
            <span className="text-xs text-ink-3">the rest goes in</span>
          )}
        </li>
        <li className="ml-auto text-ink-2">{plural(upload.rows, "row")}</li>
      </ul>
      <div className="mt-2">
        <Bar
          height={8}
          label={`${count(upload.accepted)} of ${count(upload.rows)} rows go in, ${count(upload.rejected)} are rejected`}
          total={upload.rows}
          parts={[
            { label: `${count(upload.accepted)} go in`, value: upload.accepted, fill: "bg-o-answered" },
            { label: `${count(upload.rejected)} rejected`, value: upload.rejected, fill: "bg-o-failed" },
          ]}
        />
      </div>
      <p className="mt-1.5 text-xs text-ink-2">
        Numbers on your{" "}
        <Link {...paths.settings("suppressions")} className="text-accent-ink underline underline-offset-2">
          suppression list
        </Link>{" "}
        are imported and never dialled.
      </p>
    </section>
  );
}

/** The phone column was found by its numbers; what the others hold nobody has said. */
function UnnamedColumns({ upload }: { upload: Import }) {
  const utils = trpc.useUtils();
  const refused = useRefused("imports.setMapping");
  const save = trpc.imports.setMapping.useMutation({
    onSuccess: () => utils.imports.get.invalidate({ importId: upload.id }),
    onError: (error) => toast.error(refusal(error).message),
  });
  return (
    <section aria-label="Rows" className="border-b border-line px-4 py-4 lg:px-5">
      <p className="font-medium">The file has no row of headings.</p>
      <p className="text-ink-2">
        The phone numbers were recognised. Say on the left what else the columns hold; the rows are checked
        after your first change, or now.
      </p>
      <Button
        className="mt-3"
        disabledReason={refused}
        busy={save.isPending}
        onClick={() => save.mutate({ importId: upload.id, mapping: upload.mapping as ColumnMapping })}
      >
        Check the rows
      </Button>
    </section>
  );
}
