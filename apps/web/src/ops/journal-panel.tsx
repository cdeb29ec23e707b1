import type { Result } from "@parley/core/ops/schema";
import { useState } from "react";
import {
  isReplayable,
  periods,
  since,
  WebhookJournal,
  webhookSigns,
  webhookStates,
  type PeriodHours,
  type WebhookState,
} from "@/shell/webhook-journal.tsx";
import { FilterBar, SearchFilter, SelectFilter } from "@/table/filters.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Segmented } from "@/ui/choice.tsx";
import { plural } from "@/ui/format.ts";
import { toast } from "@/ui/toast.ts";
import { ViewTable } from "./view-table.tsx";

/** Every workspace's webhooks by state, replayed by one or by period; bodies are shown to their own workspace only. */
export function JournalPanel() {
  const [whose, setWhose] = useState<"all" | "mine">("all");
  return (
    <>
      <ViewTable view="webhook_lag" />
      <div className="border-t border-line px-4 py-2 lg:px-5">
        <Segmented
          label="Whose webhooks"
          value={whose}
          onValue={setWhose}
          options={[
            { value: "all", label: "All workspaces" },
            { value: "mine", label: "This workspace, with bodies" },
          ]}
        />
      </div>
      {whose === "mine" ? <WebhookJournal /> : <EverybodysJournal />}
    </>
  );
}

function EverybodysJournal() {
  const [state, setState] = useState<WebhookState | undefined>(undefined);
  const [hours, setHours] = useState<PeriodHours | undefined>("24");
  const [search, setSearch] = useState<string | undefined>(undefined);
  const utils = trpc.useUtils();
  const replay = trpc.ops.replay.useMutation({
    onSuccess: ({ replayed, workspaces }) => {
      void utils.ops.query.invalidate();
      toast.done(`${plural(replayed, "webhook")} of ${plural(workspaces, "workspace")} will be read again`);
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  const chosen = isReplayable(state) ? state : "bad";
  const { from } = since(hours);
  const only = (result: Result): Result => {
    const [atState, atTime] = [result.columns.indexOf("state"), result.columns.indexOf("received_at")];
    const wanted = search?.toLowerCase();
    return {
      ...result,
      rows: result.rows.filter(
        (row) =>
          (!state || row[atState] === state) &&
          (!from || String(row[atTime]) >= from) &&
          (!wanted || row.some((value) => String(value).toLowerCase().includes(wanted))),
      ),
    };
  };
  return (
    <>
      <FilterBar
        active={[state, hours].filter(Boolean).length}
        search={<SearchFilter label="Search in these rows" value={search} onValue={setSearch} />}
        aside={
          <Button
            size="sm"
            busy={replay.isPending}
            onClick={() => replay.mutate({ status: chosen, ...since(hours) })}
          >
            {`Replay all: ${webhookSigns[chosen].word.toLowerCase()}`}
          </Button>
        }
      >
        <SelectFilter
          label="State"
          any="Any state"
          value={state}
          options={webhookStates.map((value) => ({ value, label: webhookSigns[value].word }))}
          onValue={setState}
        />
        <SelectFilter label="Period" any="Any time" value={hours} options={[...periods]} onValue={setHours} />
      </FilterBar>
      <ViewTable
        view="webhook_journal"
        limit={1000}
        only={only}
        actions={(row) => [{ label: "Replay", onSelect: () => replay.mutate({ id: Number(row["id"]) }) }]}
      />
    </>
  );
}
