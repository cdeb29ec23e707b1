import { missingFields, type ColumnMapping } from "@parley/core/contacts/csv-map";
import { importCan } from "@parley/core/imports/status";
import { Link, useParams } from "@tanstack/react-router";
import { CircleCheck, FileSpreadsheet } from "lucide-react";
import { useState } from "react";
import { paths } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { useLiveQuery } from "@/shell/live.ts";
import { useRefused } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import type { Inputs, Outputs } from "@/trpc.ts";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { bytes, count, plural } from "@/ui/format.ts";
import { toast } from "@/ui/toast.ts";
import { ImportEnd } from "./import-end.tsx";
import { ImportColumns } from "./import-columns.tsx";
import { ImportExtras, noExtras } from "./import-extras.tsx";
import type { Extras } from "./import-extras.tsx";
import { ImportPreview } from "./import-preview.tsx";
import { ImportProgress } from "./import-progress.tsx";
import { ImportRejects } from "./import-rejects.tsx";
import { ImportSteps } from "./import-steps.tsx";
import { ImportTally } from "./import-tally.tsx";
import { regionName } from "./regions.ts";

export type Import = Outputs["imports"]["get"];

const delimiters: Record<string, string> = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" };

const readAs = (upload: Import): string =>
  [upload.encoding, upload.delimiter ? (delimiters[upload.delimiter] ?? upload.delimiter) : null]
    .filter(Boolean)
    .join(", ");

/** One file on its way to contacts: columns left, what becomes of the rows right, the number on the button. */
export function ImportPage() {
  const { importId } = useParams({ from: "/shell/imports/$importId" });
  const live = useLiveQuery();
  const [upload] = trpc.imports.get.useSuspenseQuery(
    { importId },
    {
      // While something moves, pushed changes are helped by a gentle poll, so that the bar never stands.
      refetchInterval: (query) =>
        ["receiving", "validating", "committing", "undoing"].includes(query.state.data?.status ?? "")
          ? 1500
          : live.refetchInterval,
    },
  );
  const go = useGo();
  const utils = trpc.useUtils();
  const refused = useRefused("imports.commit");
  const [extras, setExtras] = useState<Extras>(noExtras);
  const commit = trpc.imports.commit.useMutation({
    onSuccess: () => void utils.imports.get.invalidate({ importId }),
    onError: (error) => toast.error(refusal(error).message),
  });

  const working = ["receiving", "validating", "committing", "undoing"].includes(upload.status);
  const ended = ["done", "failed", "undone"].includes(upload.status);
  const canCommit = importCan.commit(upload.status);
  const missing =
    refused ??
    (upload.status === "mapping" && missingFields(upload.mapping as ColumnMapping).length === 0
      ? "The rows are not checked yet."
      : null) ??
    (canCommit.ok ? null : canCommit.reason) ??
    (upload.accepted === 0
      ? "No row can be imported as it is. Choose other columns, or download the rows with their reasons."
      : null) ??
    extras.problem;

  const start = () => {
    const input: Inputs["imports"]["commit"] = {
      importId,
      ...(extras.tags.length > 0 ? { tags: extras.tags } : {}),
      ...(extras.overwrite ? { overwrite: true } : {}),
      ...(extras.consent ? { consent: extras.consent } : {}),
    };
    commit.mutate(input);
  };

  return (
    <Page
      fixed
      crumbs={[
        { label: "Contacts", link: paths.contacts() },
        { label: "Import", link: paths.imports() },
        { label: upload.name },
      ]}
      title={upload.name}
      heading="Import contacts"
      actions={
        <ImportSteps
          at={
            upload.status === "receiving"
              ? "file"
              : upload.status === "committing" || ended
                ? "import"
                : "check"
          }
          done={upload.status === "done"}
        />
      }
      strip={
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1 border-b border-line bg-sunken px-4 py-2 lg:px-5">
          <FileSpreadsheet className="size-4 shrink-0 text-ink-3" strokeWidth={1.75} aria-hidden />
          <span className="font-medium">{upload.name}</span>
          <span className="tnum text-ink-2">
            {bytes(upload.sizeBytes)}
            {upload.rows > 0 && <>, {plural(upload.rows, "row")}</>}.
          </span>
          {readAs(upload) && <span className="text-ink-2">Read as {readAs(upload)}.</span>}
          <Link {...paths.imports()} className="font-medium text-accent-ink hover:underline">
            Choose another file
          </Link>
          {upload.status === "ready" && (
            <span className="ml-auto inline-flex items-center gap-1.5 text-ink-2 max-sm:hidden">
              <CircleCheck className="size-4 text-ok-ink" strokeWidth={1.75} aria-hidden />
              All rows checked
            </span>
          )}
        </div>
      }
      footer={
        !ended && (
          <>
            <Button look="ghost" onClick={() => go(paths.imports())}>
              Back
            </Button>
            <span className="text-xs text-ink-3 max-sm:hidden">
              Saved as you go. You can close this page.
            </span>
            <span className="ml-auto flex flex-wrap items-center justify-end gap-x-3 gap-y-1">
              {missing && !working && <span className="max-w-96 text-xs text-warn-ink">{missing}</span>}
              <Button
                look="filled"
                busy={commit.isPending || upload.status === "committing"}
                disabledReason={missing}
                onClick={start}
              >
                {upload.status === "committing" ? "Importing" : "Import"} {count(upload.accepted)}{" "}
                {upload.accepted === 1 ? "contact" : "contacts"}
              </Button>
            </span>
          </>
        )
      }
    >
      {ended ? (
        <ImportEnd upload={upload} />
      ) : upload.status === "receiving" || upload.status === "undoing" || upload.status === "committing" ? (
        <ImportProgress upload={upload} />
      ) : (
        <div className="grid lg:min-h-0 lg:grow lg:grid-cols-[400px_minmax(0,1fr)] xl:grid-cols-[432px_minmax(0,1fr)]">
          <div
            className="min-w-0 lg:min-h-0 lg:overflow-y-auto lg:border-r lg:border-line"
            tabIndex={-1}
            data-quiet-focus
          >
            <ImportColumns key={upload.headers.join("|")} upload={upload} />
            <ImportExtras upload={upload} extras={extras} onChange={setExtras} />
            <p className="px-4 py-3 text-xs text-ink-3 lg:px-5">
              Numbers without a country code are read as from {regionName(upload.defaultRegion)}.
            </p>
          </div>
          <div
            className="min-w-0 max-lg:border-t max-lg:border-line lg:min-h-0 lg:overflow-y-auto"
            tabIndex={-1}
            data-quiet-focus
          >
            {upload.status === "validating" ? (
              <ImportProgress upload={upload} />
            ) : (
              <>
                <ImportTally upload={upload} overwrite={extras.overwrite} />
                <ImportPreview upload={upload} />
                <ImportRejects upload={upload} />
              </>
            )}
          </div>
        </div>
      )}
    </Page>
  );
}
