import { suppressionReasons } from "@parley/core/contacts/schema";
import type { Suppression, SuppressionsImported } from "@parley/core/contacts/schema";
import { Link } from "@tanstack/react-router";
import { FileUp } from "lucide-react";
import { useState } from "react";
import { http, paths } from "@/paths.ts";
import { useRefused } from "@/shell/me.ts";
import type { Column } from "@/table/columns.tsx";
import { ExportLink, FilterBar, SearchFilter } from "@/table/filters.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { csrf, refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { DangerDialog, Dialog } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Field } from "@/ui/field.tsx";
import { plural } from "@/ui/format.ts";
import { Input, Select, Textarea } from "@/ui/input.tsx";
import { None } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.ts";
import { FormError } from "@/ui/form-error.tsx";

type Reason = (typeof suppressionReasons)[number];

const reasonWords: Record<Reason, string> = {
  asked: "Asked not to be called",
  dnc: "On a do-not-call list",
  manual: "Put here by hand",
  wrong_number: "Wrong number",
  complaint: "Complained",
};

const columns: Column<Suppression>[] = [
  {
    id: "number",
    head: "Number",
    width: "180px",
    fixed: true,
    cell: (row) =>
      row.contactId ? (
        <Link {...paths.contact(row.contactId)} className="quiet-link mono">
          {row.phoneNumber}
        </Link>
      ) : (
        <span className="mono">{row.phoneNumber}</span>
      ),
  },
  { id: "reason", head: "Why", width: "minmax(160px, 1fr)", cell: (row) => reasonWords[row.reason] },
  {
    id: "channel",
    head: "For",
    width: "110px",
    cell: (row) => (row.channel === "all" ? "Everything" : row.channel === "call" ? "Calls" : "WhatsApp"),
  },
  { id: "note", head: "Note", width: "minmax(120px, 1fr)", cell: (row) => row.note ?? <None />, from: "xl" },
  { id: "at", head: "Since", width: "120px", cell: (row) => <Time at={row.createdAt} /> },
];

/** Numbers that are never called or written to, whatever list they stand in. */
export function SuppressionsSection() {
  const [search, setSearch] = useState("");
  const [adding, setAdding] = useState(false);
  const [importing, setImporting] = useState(false);
  // The same people as for a list of contacts, and for every other file.
  const importRefused = useRefused("imports.commit");
  const exportRefused = useRefused("billing.ledger");
  const [removing, setRemoving] = useState<Suppression | null>(null);
  const addRefused = useRefused("suppressions.add");
  const removeRefused = useRefused("suppressions.remove");
  const utils = trpc.useUtils();
  const query = trpc.suppressions.list.useInfiniteQuery(
    { ...(search ? { search } : {}), limit: 100 },
    { getNextPageParam: (page) => page.nextCursor },
  );
  const remove = trpc.suppressions.remove.useMutation({
    onSuccess: () => {
      setRemoving(null);
      void utils.suppressions.invalidate();
      toast.done("The number may be contacted again");
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  return (
    <>
      <FilterBar
        search={
          <SearchFilter label="Search numbers" value={search} onValue={(text) => setSearch(text ?? "")} />
        }
        aside={
          <>
            <ExportLink href={http.export("suppressions")} refused={exportRefused} />
            <Button size="sm" icon={FileUp} disabledReason={importRefused} onClick={() => setImporting(true)}>
              Import list
            </Button>
            <Button size="sm" disabledReason={addRefused} onClick={() => setAdding(true)}>
              Add numbers
            </Button>
          </>
        }
      />
      <QueryTable
        label="Numbers not to contact"
        query={query}
        columns={columns}
        rowId={(row) => row.id}
        rowName={(row) => row.phoneNumber}
        rowActions={(row) => [
          {
            label: "Allow again",
            disabledReason: removeRefused,
            danger: true,
            onSelect: () => setRemoving(row),
          },
        ]}
        narrow={(row) => (
          <span className="block">
            <span className="mono block font-medium">{row.phoneNumber}</span>
            <span className="flex gap-2 text-xs text-ink-2">
              <span className="grow truncate">{reasonWords[row.reason]}</span>
              <Time at={row.createdAt} />
            </span>
          </span>
        )}
        empty={
          <EmptyState title={search ? "No such number here" : "Nobody is on this list"}>
            <p>
              People who ask not to be called come here by themselves, within a second of saying so. Lists
              from a regulator or another system can be imported or pasted in.
            </p>
          </EmptyState>
        }
      />
      <AddDialog open={adding} onOpenChange={setAdding} />
      {importing && <ImportDialog onClose={() => setImporting(false)} />}
      <DangerDialog
        open={removing !== null}
        onOpenChange={(open) => !open && setRemoving(null)}
        title="Allow this number again"
        action="Allow again"
        busy={remove.isPending}
        onConfirm={() => removing && remove.mutate({ suppressionId: removing.id })}
      >
        <p>
          {removing?.phoneNumber} was put here because:{" "}
          {removing ? reasonWords[removing.reason].toLowerCase() : ""}. Items that were skipped for it stay
          skipped; new ones may dial it.
        </p>
      </DangerDialog>
    </>
  );
}

/** A file of numbers, taken at once; what is no number is named and stops nothing. */
function ImportDialog({ onClose }: { onClose: () => void }) {
  const utils = trpc.useUtils();
  const [file, setFile] = useState<File | null>(null);
  const [reason, setReason] = useState<Reason>("dnc");
  const [state, setState] = useState<{ busy?: boolean; error?: string; done?: SuppressionsImported }>({});
  const send = async () => {
    if (!file) return;
    setState({ busy: true });
    try {
      const answer = await fetch(http.suppressions({ reason }), {
        method: "POST",
        headers: { "content-type": "text/csv", ...csrf },
        body: file,
      });
      const body = (await answer.json()) as SuppressionsImported & { message?: string };
      if (!answer.ok)
        return setState({ error: body.message ?? `The server refused the list (${answer.status}).` });
      setState({ done: body });
      void utils.suppressions.invalidate();
      void utils.contacts.invalidate();
    } catch {
      setState({ error: "The connection broke. Send the list again: what was taken is not taken twice." });
    }
  };
  const { done } = state;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Import a list"
      footer={
        done ? (
          <Button look="filled" onClick={onClose}>
            Done
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              look="filled"
              busy={state.busy ?? false}
              disabledReason={file ? null : "Choose a file first."}
              onClick={() => void send()}
            >
              Import
            </Button>
          </>
        )
      }
    >
      {done ? (
        <div className="space-y-2">
          <p>
            {plural(done.added, "number")} added, {done.known} known before.{" "}
            {plural(done.stopped, "waiting call")} stopped
            {done.inAir > 0 ? `; ${plural(done.inAir, "call")} on the line end by themselves` : ""}.
          </p>
          {done.refused > 0 && (
            <>
              <p className="text-bad-ink">{plural(done.refused, "row holds", "rows hold")} no number:</p>
              <ul className="max-h-48 overflow-y-auto text-xs text-ink-2">
                {done.invalid.map(({ row, raw, reason: cause }) => (
                  <li key={row}>
                    Row {row}, <span className="mono">{raw || "empty"}</span>: {cause}
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      ) : (
        <div className="space-y-3">
          <FormError>{state.error ?? null}</FormError>
          <Field
            label="File"
            help="CSV with a column of numbers; columns named reason, channel and note are understood too."
          >
            <Input
              type="file"
              accept=".csv,text/csv,text/plain"
              onChange={(event) => setFile(event.target.files?.[0] ?? null)}
            />
          </Field>
          <Field label="Why, for rows that do not say">
            <Select value={reason} onChange={(event) => setReason(event.target.value as Reason)}>
              {suppressionReasons.map((name) => (
                <option key={name} value={name}>
                  {reasonWords[name]}
                </option>
              ))}
            </Select>
          </Field>
        </div>
      )}
    </Dialog>
  );
}

function AddDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const utils = trpc.useUtils();
  const [text, setText] = useState("");
  const [reason, setReason] = useState<Reason>("manual");
  const numbers = text
    .split(/[\n,;]+/)
    .map((number) => number.trim())
    .filter(Boolean);
  const add = trpc.suppressions.add.useMutation({ onSuccess: () => void utils.suppressions.invalidate() });
  const close = (next: boolean) => {
    onOpenChange(next);
    if (!next) {
      setText("");
      add.reset();
    }
  };
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title="Add numbers"
      footer={
        add.data ? (
          <Button look="filled" onClick={() => close(false)}>
            Done
          </Button>
        ) : (
          <Button
            look="filled"
            busy={add.isPending}
            disabledReason={
              numbers.length === 0
                ? "Paste at least one number."
                : numbers.length > 1000
                  ? "At most 1,000 at a time."
                  : null
            }
            onClick={() => add.mutate({ phoneNumbers: numbers, reason })}
          >
            {numbers.length === 0 ? "Add" : `Add ${plural(numbers.length, "number")}`}
          </Button>
        )
      }
    >
      {add.data ? (
        <div className="space-y-2">
          <p>
            {plural(add.data.added, "number")} added, {add.data.known} known before.{" "}
            {plural(add.data.stopped, "waiting call")} stopped; {add.data.inAir} already on the line{" "}
            {add.data.inAir === 1 ? "ends" : "end"} by itself.
          </p>
          {add.data.invalid.length > 0 && (
            <p className="text-bad-ink">
              Not phone numbers, so not added: {add.data.invalid.map(({ raw }) => raw).join(", ")}
            </p>
          )}
        </div>
      ) : (
        <div className="space-y-3">
          <FormError>{add.error ? refusal(add.error).message : null}</FormError>
          <Field label="Numbers" help="One to a line, or separated by commas.">
            <Textarea
              rows={6}
              className="mono"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </Field>
          <Field label="Why">
            <Select value={reason} onChange={(event) => setReason(event.target.value as Reason)}>
              {suppressionReasons.map((name) => (
                <option key={name} value={name}>
                  {reasonWords[name]}
                </option>
              ))}
            </Select>
          </Field>
        </div>
      )}
    </Dialog>
  );
}
