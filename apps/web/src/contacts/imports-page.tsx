import type { ImportStatus } from "@parley/core/imports/status";
import { Link } from "@tanstack/react-router";
import { FileUp } from "lucide-react";
import { useRef, useState } from "react";
import { paths } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { useLiveQuery } from "@/shell/live.ts";
import { useRefused, useWorkspace } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { trpc } from "@/trpc.ts";
import type { Tone } from "@/ui/badge.tsx";
import { Badge } from "@/ui/badge.tsx";
import { Bar } from "@/ui/bar.tsx";
import { Button } from "@/ui/button.tsx";
import { cn } from "@/ui/cn.ts";
import { Field } from "@/ui/field.tsx";
import { bytes, count, span } from "@/ui/format.ts";
import { Select } from "@/ui/input.tsx";
import { SectionHead } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Time } from "@/ui/time.tsx";
import { FormError } from "@/ui/form-error.tsx";
import { ImportSteps } from "./import-steps.tsx";
import { regions } from "./regions.ts";
import { upload } from "./upload.ts";
import type { Upload } from "./upload.ts";

const states: Record<ImportStatus, { word: string; tone: Tone }> = {
  receiving: { word: "Being read", tone: "accent" },
  mapping: { word: "Columns to choose", tone: "warn" },
  validating: { word: "Being checked", tone: "accent" },
  ready: { word: "Ready", tone: "accent" },
  committing: { word: "Being added", tone: "accent" },
  done: { word: "Done", tone: "ok" },
  failed: { word: "Failed", tone: "bad" },
  undoing: { word: "Being undone", tone: "warn" },
  undone: { word: "Undone", tone: "plain" },
};

/** The first step of an import, and the files that came before. */
export function ImportsPage() {
  const live = useLiveQuery();
  const query = trpc.imports.list.useInfiniteQuery(
    { limit: 50 },
    { getNextPageParam: (page) => page.nextCursor, ...live },
  );
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page
      crumbs={[{ label: "Contacts", link: paths.contacts() }, { label: "Import" }]}
      title="Import contacts"
      actions={<ImportSteps at="file" />}
    >
      <UploadFile />
      <section aria-label="Earlier files" className="border-t border-line">
        <SectionHead title="Earlier files" {...(rows.length > 0 ? { count: count(rows.length) } : {})} />
        {query.isPending ? (
          <SkeletonRows rows={4} columns={4} />
        ) : rows.length === 0 ? (
          <p className="border-t border-line px-4 py-3 text-ink-2 lg:px-5">
            None yet. Every file stays listed here with its counts and rejected rows, and can be undone while
            nobody of it has been touched.
          </p>
        ) : (
          <ul data-inset-focus>
            {rows.map((row) => (
              <li key={row.id} className="border-t border-line">
                <Link
                  {...paths.import(row.id)}
                  className="flex min-h-[var(--row)] flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-1.5 hover:bg-hover lg:px-5"
                >
                  <span className="min-w-0 max-w-full truncate font-medium">{row.name}</span>
                  <Badge tone={states[row.status].tone}>{states[row.status].word}</Badge>
                  {row.error && <span className="min-w-0 truncate text-bad-ink">{row.error}</span>}
                  <span className="tnum ml-auto whitespace-nowrap text-ink-2">
                    {count(row.accepted)} in
                    {row.rejected > 0 && <>, {count(row.rejected)} rejected</>}
                  </span>
                  <Time at={row.createdAt} className="text-ink-3" />
                </Link>
              </li>
            ))}
          </ul>
        )}
        {query.hasNextPage && (
          <p className="border-t border-line px-4 py-3 lg:px-5">
            <Button onClick={() => void query.fetchNextPage()}>Show earlier</Button>
          </p>
        )}
      </section>
    </Page>
  );
}

interface Sending {
  file: File;
  sent: number;
  startedAt: number;
  upload: Upload;
}

function UploadFile() {
  const workspace = useWorkspace();
  const refused = useRefused("imports.commit");
  const go = useGo();
  const field = useRef<HTMLInputElement>(null);
  const [region, setRegion] = useState(workspace.defaultRegion);
  const [over, setOver] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [sending, setSending] = useState<Sending | null>(null);

  const send = (file: File | undefined) => {
    if (!file || refused) return;
    if (file.size === 0) {
      setError(`${file.name} is empty. Choose the file with your contacts.`);
      return;
    }
    setError(null);
    const job = upload(file, region, (sent) => setSending((before) => before && { ...before, sent }));
    setSending({ file, sent: 0, startedAt: Date.now(), upload: job });
    job.done
      .then(({ importId }) => go(paths.import(importId)))
      .catch((thrown: unknown) => {
        setSending(null);
        if (!(thrown instanceof DOMException))
          setError(thrown instanceof Error ? thrown.message : String(thrown));
      });
  };

  if (sending) {
    const elapsed = (Date.now() - sending.startedAt) / 1000;
    const rate = elapsed > 0.5 ? sending.sent / elapsed : 0;
    return (
      <section aria-label="Sending" className="px-4 py-8 lg:px-5">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <b className="font-semibold">{sending.file.name}</b>
          <span className="tnum text-ink-2">
            {bytes(sending.sent)} of {bytes(sending.file.size)}
          </span>
          {rate > 0 && sending.sent < sending.file.size && (
            <span className="tnum text-ink-3">
              {bytes(rate)} a second, {span((sending.file.size - sending.sent) / rate)} left
            </span>
          )}
          <Button look="link" size="sm" className="ml-auto" onClick={() => sending.upload.cancel()}>
            Cancel
          </Button>
        </p>
        <div
          className="mt-2"
          role="progressbar"
          aria-label="Sending the file"
          aria-valuemin={0}
          aria-valuemax={sending.file.size}
          aria-valuenow={sending.sent}
        >
          <Bar
            height={6}
            total={sending.file.size}
            parts={[{ label: "sent", value: sending.sent, fill: "bg-ink-2" }]}
          />
        </div>
      </section>
    );
  }

  return (
    <section aria-label="File" className="grid gap-5 px-4 py-5 lg:grid-cols-[minmax(0,1fr)_280px] lg:px-5">
      <div className="flex min-w-0 flex-col gap-3">
        <FormError>{error}</FormError>
        <div
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            send(event.dataTransfer.files[0]);
          }}
          className={cn(
            "flex min-h-44 flex-col items-start justify-center gap-3 rounded-md border border-dashed px-6 py-6",
            over ? "border-accent bg-selected" : "border-line-3",
          )}
        >
          <p className="text-md">
            Drop a file here, or choose one.
            <span className="block text-sm text-ink-2">
              CSV with any column names, separated by comma, semicolon, tab or bar; also Excel&apos;s xlsx. Up
              to 2 million rows.
            </span>
          </p>
          <input
            ref={field}
            type="file"
            accept=".csv,.tsv,.txt,.xlsx,text/csv,text/tab-separated-values"
            className="sr-only"
            aria-label="File with contacts"
            tabIndex={-1}
            onChange={(event) => {
              send(event.target.files?.[0]);
              event.target.value = "";
            }}
          />
          <Button look="filled" icon={FileUp} disabledReason={refused} onClick={() => field.current?.click()}>
            Choose a file
          </Button>
          {refused && <p className="text-xs text-ink-3">{refused}</p>}
        </div>
      </div>
      <div className="flex flex-col gap-4">
        <Field
          label="Numbers without a country code are from"
          help="A number that begins with + is taken as it is."
        >
          <Select value={region} onChange={(event) => setRegion(event.target.value)}>
            {regions.map(({ code, name }) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
        <p className="text-xs text-ink-3">
          Nothing is added before you have seen what would be. Good rows are never refused for bad ones, and
          bad ones come back as a file with the reason in a column.
        </p>
      </div>
    </section>
  );
}
