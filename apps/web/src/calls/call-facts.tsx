import type { Call } from "./call.ts";
import { evidenceWords } from "@parley/core/calls/words";
import type { Reason } from "@parley/core/reasons";
import { reasonOf } from "@parley/core/reasons";
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import { paths } from "@/paths.ts";
import { OutcomeGlyph, outcomeSigns } from "@/signs/outcome.tsx";
import { CallStatus } from "@/signs/call-status.tsx";
import { cn } from "@/ui/cn.ts";
import { CopyButton } from "@/ui/copy-button.tsx";
import { count } from "@/ui/format.ts";
import { Fact, Facts, None, Section } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";
import { MoneyBar } from "./money-bar.tsx";
import { receiptLines } from "@/signs/receipt.ts";

/** The evidence for how it ended, or why it was never placed. */
const whyOf = (code: string): Reason =>
  Object.hasOwn(evidenceWords, code)
    ? { text: evidenceWords[code as keyof typeof evidenceWords], next: "" }
    : reasonOf(code);

/** Money, reason, receipt, other tries, ids. */
export function CallFacts({ call }: { call: Call }) {
  const why = call.reason ? whyOf(call.reason) : null;
  const receipt = receiptLines(call.receipt);
  return (
    <>
      {why && (
        <Section title="Why it ended so" className="border-b border-line">
          <p className="px-4 pb-3 lg:px-5">
            {why.text} <span className="text-ink-2">{why.next}</span>
          </p>
        </Section>
      )}
      <Section
        title="Cost"
        className="border-b border-line"
        aside={
          <span className="text-ink-2">
            {call.settledAt ? (
              <>
                settled <Time at={call.settledAt} />
                {call.estimated && ", estimated"}
              </>
            ) : call.nextPollAt ? (
              <>
                next look <Time at={call.nextPollAt} />
              </>
            ) : (
              "waits for the final figures"
            )}
          </span>
        }
      >
        <MoneyBar
          held={call.heldCredits}
          settled={call.settledAt ? (call.priceCredits ?? 0) : null}
          waived={call.waivedCredits}
          talkSeconds={call.talkSeconds}
        />
      </Section>
      {call.attempts.length > 1 && (
        <Section title="Tries" count={call.attempts.length} className="border-b border-line">
          <ol>
            {call.attempts.map((attempt) => (
              <li key={attempt.id} className="border-t border-line">
                <Link
                  {...paths.call(attempt.id)}
                  aria-current={attempt.id === call.id ? "page" : undefined}
                  className={cn(
                    "flex min-h-[var(--row)] items-center gap-3 px-4 hover:bg-hover lg:px-5",
                    attempt.id === call.id && "bg-selected",
                  )}
                >
                  <span className="tnum w-4 text-ink-3">{count(attempt.attempt)}</span>
                  <span className="grow">
                    {attempt.outcome ? (
                      <span className="inline-flex items-center gap-1.5">
                        <OutcomeGlyph outcome={attempt.outcome} />
                        {outcomeSigns[attempt.outcome].word}
                      </span>
                    ) : (
                      <CallStatus status={attempt.status} />
                    )}
                  </span>
                  <Time at={attempt.createdAt} className="text-ink-2" />
                </Link>
              </li>
            ))}
          </ol>
        </Section>
      )}
      {receipt.length > 0 && (
        <Section
          title={call.direction === "inbound" ? "What was checked" : "Why this call was allowed"}
          className="border-b border-line"
          aside={
            typeof call.receipt["checkedAt"] === "string" && (
              <span className="text-ink-3">
                checked <Time at={call.receipt["checkedAt"]} />
              </span>
            )
          }
        >
          <ul className="px-4 pb-3 lg:px-5">
            {receipt.map((line) => (
              <li key={line.name} className="flex gap-2 py-0.5">
                <Check className="mt-[3px] size-3.5 shrink-0 text-ok-ink" strokeWidth={1.75} aria-hidden />
                <span className="min-w-0 grow">
                  {line.name} <span className="text-ink-3">{line.detail}</span>
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Particulars">
        <Facts>
          <Fact name="Caller number">
            {call.fromNumber ? <span className="mono">{call.fromNumber}</span> : <None />}
          </Fact>
          <Fact name="Hung up by">{call.hangupBy ?? <None />}</Fact>
          {call.hangupReason && <Fact name="Provider's words">{call.hangupReason}</Fact>}
          <Fact
            name="Provider's id"
            aside={
              call.bolnaExecutionId && (
                <CopyButton value={call.bolnaExecutionId} label="Copy the provider's id" />
              )
            }
          >
            {call.bolnaExecutionId ? (
              <span className="mono break-all">{call.bolnaExecutionId}</span>
            ) : (
              <None />
            )}
          </Fact>
          <Fact name="Our id" aside={<CopyButton value={call.id} label="Copy our id" />}>
            <span className="mono break-all">{call.id}</span>
          </Fact>
        </Facts>
      </Section>
    </>
  );
}
