import { useState } from "react";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Field } from "@/ui/field.tsx";
import { count, plural } from "@/ui/format.ts";
import { Textarea } from "@/ui/input.tsx";
import { Section } from "@/ui/section.tsx";
import { ResultTable } from "./result-table.tsx";

const first = "select * from ops.stuck order by late desc";

/** Any question in SQL, as a login that can only read and is stopped after five seconds. */
export function SqlBox({ text, onRun }: { text: string | undefined; onRun: (text: string) => void }) {
  const [written, setWritten] = useState(text ?? first);
  const [asked, setAsked] = useState<string | undefined>(undefined);
  const run = trpc.ops.sql.useQuery({ text: asked ?? first }, { enabled: asked !== undefined, retry: false });
  const ask = () => {
    onRun(written);
    if (written === asked) void run.refetch();
    setAsked(written);
  };
  return (
    <Section title="SQL" note="read-only, five seconds, no phone numbers or transcripts">
      <div className="flex flex-col gap-2 px-4 pb-3 lg:px-5">
        <Field
          label="Statement"
          error={run.error ? refusal(run.error).message : undefined}
          help="Ctrl Enter runs it. The views are in schema ops."
        >
          <Textarea
            rows={4}
            spellCheck={false}
            className="mono"
            value={written}
            onChange={(event) => setWritten(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask();
            }}
          />
        </Field>
        <div className="flex items-center gap-3">
          <Button
            onClick={ask}
            busy={run.isFetching}
            disabledReason={written.trim() ? null : "Write a statement first."}
          >
            Run
          </Button>
          {run.data && (
            <span className="text-xs text-ink-3">
              {plural(run.data.rows.length, "row")}
              {run.data.truncated && `, cut at ${count(run.data.rows.length)}`}
            </span>
          )}
        </div>
      </div>
      {run.data && <ResultTable label="Result of the statement" result={run.data} />}
    </Section>
  );
}
