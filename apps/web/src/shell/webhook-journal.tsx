import type { WebhookRow } from "@parley/core/ops/schema";
import { replayable, webhookStatuses } from "@parley/core/ops/schema";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { paths } from "@/paths.ts";
import { useRefused } from "@/shell/me.ts";
import type { Column } from "@/table/columns.tsx";
import { FilterBar, SearchFilter, SelectFilter } from "@/table/filters.tsx";
import { QueryTable } from "@/table/query-table.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { Drawer } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { bytes, plural } from "@/ui/format.ts";
import { Fact, Facts, None } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Time } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.ts";

export type WebhookState = WebhookRow["status"] | "unmatched";
export const webhookStates: WebhookState[] = [...webhookStatuses, "unmatched"];

export const webhookSigns = {
  pending: { word: "To be read", tone: "plain" },
  done: { word: "Read", tone: "ok" },
  bad: { word: "Unreadable", tone: "bad" },
  parked: { word: "Waits for its call", tone: "warn" },
  unmatched: { word: "Of no call", tone: "odd" },
} as const satisfies Record<WebhookState, unknown>;

export const periods = [
  { value: "1", label: "Last hour" },
  { value: "24", label: "Last day" },
  { value: "168", label: "Last seven days" },
] as const;
export type PeriodHours = (typeof periods)[number]["value"];

/** The beginning of a period that ends now, to the minute, so that a list is not asked for anew at every drawing. */
export const since = (hours: PeriodHours | undefined): { from?: string } =>
  hours
    ? { from: new Date(Math.floor(Date.now() / 60_000) * 60_000 - Number(hours) * 3_600_000).toISOString() }
    : {};

export const isReplayable = (state: WebhookState | undefined): state is (typeof replayable)[number] =>
  replayable.some((each) => each === state);

const stateOf = (row: Pick<WebhookRow, "status" | "callId">): WebhookState =>
  row.status === "done" && row.callId === null ? "unmatched" : row.status;

const Status = ({ row }: { row: Pick<WebhookRow, "status" | "callId"> }) => {
  const { tone, word } = webhookSigns[stateOf(row)];
  return <Badge tone={tone}>{word}</Badge>;
};

const columns: Column<WebhookRow>[] = [
  { id: "at", head: "Received", width: "130px", fixed: true, cell: (row) => <Time at={row.receivedAt} /> },
  { id: "status", head: "State", width: "150px", cell: (row) => <Status row={row} /> },
  {
    id: "call",
    head: "Call",
    width: "110px",
    cell: (row) =>
      row.callId ? (
        <Link {...paths.call(row.callId)} className="quiet-link mono">
          {row.callId.slice(-8)}
        </Link>
      ) : (
        <None />
      ),
  },
  { id: "error", head: "Why", width: "minmax(160px, 2fr)", cell: (row) => row.error ?? <None /> },
];

/** What the voice provider has told this workspace, raw: searched, shown byte by byte, folded again. */
export function WebhookJournal() {
  const [status, setStatus] = useState<WebhookState | undefined>(undefined);
  const [hours, setHours] = useState<PeriodHours | undefined>(undefined);
  const [search, setSearch] = useState<string | undefined>(undefined);
  const [shown, setShown] = useState<WebhookRow | null>(null);
  const refused = useRefused("webhooks.replay");
  const utils = trpc.useUtils();
  const period = since(hours);
  const query = trpc.webhooks.list.useInfiniteQuery(
    { ...(status ? { status } : {}), ...(search ? { search } : {}), ...period, limit: 100 },
    { getNextPageParam: (page) => page.nextCursor },
  );
  const replay = trpc.webhooks.replay.useMutation({
    onSuccess: ({ replayed }) => {
      void utils.webhooks.invalidate();
      toast.done(`${plural(replayed, "webhook")} will be read again`);
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  const chosen = isReplayable(status) ? status : "bad";
  const active = [status, hours].filter(Boolean).length;
  return (
    <>
      <FilterBar
        active={active}
        search={<SearchFilter label="Search in bodies and errors" value={search} onValue={setSearch} />}
        aside={
          <Button
            size="sm"
            disabledReason={refused}
            busy={replay.isPending}
            onClick={() => replay.mutate({ status: chosen, ...period })}
          >
            {`Replay: ${webhookSigns[chosen].word.toLowerCase()}${hours ? `, ${periods.find(({ value }) => value === hours)!.label.toLowerCase()}` : ""}`}
          </Button>
        }
      >
        <SelectFilter
          label="State"
          any="Any state"
          value={status}
          options={webhookStates.map((value) => ({ value, label: webhookSigns[value].word }))}
          onValue={setStatus}
        />
        <SelectFilter label="Period" any="Any time" value={hours} options={[...periods]} onValue={setHours} />
      </FilterBar>
      <QueryTable
        label="Webhooks"
        query={query}
        columns={columns}
        rowId={(row) => String(row.id)}
        rowName={(row) => `Webhook ${row.id}`}
        rowActions={(row) => [
          { label: "Show the body", onSelect: () => setShown(row) },
          { label: "Replay", disabledReason: refused, onSelect: () => replay.mutate({ id: row.id }) },
        ]}
        narrow={(row) => (
          <span className="flex items-center gap-2">
            <Status row={row} />
            <span className="min-w-0 grow truncate text-xs text-ink-2">{row.error}</span>
            <Time at={row.receivedAt} className="text-xs text-ink-3" />
          </span>
        )}
        empty={
          <EmptyState title={active > 0 || search ? "None of that kind" : "No webhook yet"}>
            <p>
              The voice provider reports every change of a call here. If calls run and nothing arrives, the
              address it was given cannot be reached: <code className="mono">parley doctor</code> checks it.
            </p>
          </EmptyState>
        }
      />
      <Drawer
        open={shown !== null}
        onOpenChange={(open) => !open && setShown(null)}
        title={`Webhook ${shown?.id ?? ""}`}
        wide
      >
        {shown && <Body row={shown} />}
      </Drawer>
    </>
  );
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

/** Text where the bytes are text, a hex dump where they are not. */
function readable(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body).replaceAll("\u0000", "␀");
  } catch {
    const lines = Array.from({ length: Math.ceil(body.length / 16) }, (_, line) => {
      const part = [...body.subarray(line * 16, line * 16 + 16)];
      const hex = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
      const text = part.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
      return `${(line * 16).toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${text}`;
    });
    return lines.join("\n");
  }
}

const Body = ({ row }: { row: WebhookRow }) => {
  const { data, error } = trpc.webhooks.get.useQuery({ id: row.id });
  const text = data?.bodyBase64 ? readable(bytesOf(data.bodyBase64)) : null;
  return (
    <>
      <Facts>
        <Fact name="Received">
          <Time at={row.receivedAt} />
        </Fact>
        <Fact name="State">
          <Status row={row} />
        </Fact>
        {row.error && <Fact name="Why">{row.error}</Fact>}
        {data && <Fact name="Size">{bytes(data.sizeBytes)}</Fact>}
      </Facts>
      {error ? (
        <p role="alert" className="border-t border-line px-5 py-3 text-bad-ink">
          {refusal(error).message}
        </p>
      ) : !data ? (
        <SkeletonRows rows={4} columns={1} />
      ) : (
        <div className="relative border-t border-line">
          {text !== null && (
            <span className="absolute right-2 top-1">
              <CopyButton value={text} label="Copy this body" />
            </span>
          )}
          <pre
            className="mono overflow-x-auto whitespace-pre-wrap break-words px-5 py-3 text-xs"
            tabIndex={0}
          >
            {text ?? "The body has been pruned."}
          </pre>
        </div>
      )}
    </>
  );
};
