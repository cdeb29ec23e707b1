import type { ExplainedItem, OpsExplanation } from "@parley/core/ops/schema";
import { isReasonCode, reasonOf } from "@parley/core/reasons";
import { Check, X } from "lucide-react";
import { useState } from "react";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Field } from "@/ui/field.tsx";
import { count, plural } from "@/ui/format.ts";
import { Input } from "@/ui/input.tsx";
import { BecauseStrip, Section } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Time } from "@/ui/time.tsx";

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

const verdicts: Record<string, string> = {
  dial: "Dialled by the next tick",
  defer: "Waits",
  skip: "Never dialled",
  done: "Nothing more is dialled",
};

/** Why something is not dialled: the dispatcher's own checks for any item, contact or campaign of any workspace. */
export function ExplainPanel({ id, onId }: { id: string | undefined; onId: (id: string) => void }) {
  const [written, setWritten] = useState(id ?? "");
  const isId = UUID.test(written.trim());
  const asked = id !== undefined && UUID.test(id);
  const query = trpc.ops.explain.useQuery(
    { id: id ?? "" },
    { enabled: asked, refetchInterval: 5000, retry: false },
  );
  return (
    <>
      <form
        className="flex flex-wrap items-end gap-2 px-4 py-3 lg:px-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (isId) onId(written.trim());
        }}
      >
        <Field
          label="Item, contact or campaign"
          help="The id as it stands in an address, in another view, or in parley ops."
          className="w-full max-w-96"
        >
          <Input
            mono
            value={written}
            spellCheck={false}
            onChange={(event) => setWritten(event.target.value)}
          />
        </Field>
        <Button type="submit" disabledReason={isId ? null : "Paste an id first."} className="mb-5">
          Explain
        </Button>
      </form>
      {!asked ? null : query.error ? (
        <p role="alert" className="border-t border-line px-4 py-3 text-bad-ink lg:px-5">
          {refusal(query.error).message}
        </p>
      ) : query.data ? (
        <Explanation told={query.data} />
      ) : (
        <SkeletonRows rows={6} />
      )}
    </>
  );
}

const words = (reason: string | null) =>
  reason === null ? null : isReasonCode(reason) ? reasonOf(reason).text : reason.replaceAll("_", " ");

const Explanation = ({ told }: { told: OpsExplanation }) => (
  <div className="border-t border-line">
    {told.limiting && (
      <BecauseStrip cause={words(told.limiting.factor) ?? "Nothing limits this campaign now."}>
        {told.limiting.factor && isReasonCode(told.limiting.factor) && reasonOf(told.limiting.factor).next}
        {told.limiting.until && (
          <>
            {" "}
            Until <Time at={told.limiting.until} />.
          </>
        )}
      </BecauseStrip>
    )}
    {told.waiting.length > 0 && (
      <ul className="border-b border-line px-4 py-2 text-ink-2 lg:px-5">
        {told.waiting.map(({ status, reason, items, nextAt }) => (
          <li key={`${status} ${reason}`}>
            <span className="tnum text-ink">{count(items)}</span> {status.replaceAll("_", " ")}
            {reason && `: ${words(reason)}`}
            {nextAt && (
              <>
                , next <Time at={nextAt} />
              </>
            )}
          </li>
        ))}
      </ul>
    )}
    {told.items.length === 0 && (
      <p className="px-4 py-3 text-ink-2 lg:px-5">Nothing of it is in the queue.</p>
    )}
    {told.items.map((item) => (
      <Judged key={item.itemId} item={item} open={told.items.length === 1} />
    ))}
  </div>
);

const Judged = ({ item, open }: { item: ExplainedItem; open: boolean }) => (
  <details open={open} className="border-b border-line">
    <summary className="flex min-h-9 cursor-pointer flex-wrap items-center gap-x-3 px-4 py-1 hover:bg-hover lg:px-5">
      <span className="mono text-ink-3">{item.itemId.slice(-8)}</span>
      <span className="font-medium">{verdicts[item.verdict] ?? item.verdict}</span>
      <span className="min-w-0 text-ink-2">{words(item.reason)}</span>
      {item.until && (
        <span className="text-xs text-ink-3">
          until <Time at={item.until} />
        </span>
      )}
      <span className="ml-auto text-xs text-ink-3">
        {item.company}, {item.campaign ?? "direct call"}, {plural(item.attempts, "attempt")}
      </span>
    </summary>
    <Section title="The dispatcher's questions" level={3}>
      <ol>
        {item.checks.map((check) => (
          <li key={check.name} className="flex gap-2.5 border-t border-line px-4 py-1.5 lg:px-5">
            {check.ok ? (
              <Check className="mt-0.5 size-4 shrink-0 text-ok-ink" strokeWidth={1.75} aria-label="Yes" />
            ) : (
              <X className="mt-0.5 size-4 shrink-0 text-bad-ink" strokeWidth={1.75} aria-label="No" />
            )}
            <span className="min-w-0 grow">
              <span className="font-medium first-letter:uppercase">{check.name.replaceAll("_", " ")}</span>{" "}
              <span className="text-ink-2">{check.detail}</span>
            </span>
            {check.trueAgainAt && (
              <span className="whitespace-nowrap text-xs text-ink-3">
                yes at <Time at={check.trueAgainAt} />
              </span>
            )}
          </li>
        ))}
      </ol>
    </Section>
  </details>
);
