import { executionsQuery } from "@parley/core/wire/bolna";
import { statusOf, type Execution } from "./execution.ts";
import { bad } from "./refusal.ts";

const WEEK_MS = 7 * 24 * 3_600_000;

interface Page {
  data: Execution[];
  total: number;
  has_more: boolean;
  page_number: number;
  page_size: number;
}

/** A page of an agent's executions, newest first; `from` and `to` are required and at most seven days apart. */
export function listExecutions(made: readonly Execution[], query: Record<string, unknown>): Page {
  if (!query["from"] || !query["to"]) throw bad("from and to are required");
  const read = executionsQuery.safeParse({
    ...query,
    page_number: numeric(query["page_number"]),
    page_size: numeric(query["page_size"]),
    answered_by_voice_mail: truthy(query["answered_by_voice_mail"]),
  });
  if (!read.success) {
    const issue = read.error.issues[0]!;
    throw bad(`${issue.path.join(".")}: ${issue.message}`);
  }
  const { page_number, page_size } = read.data;
  const from = instant("from", read.data.from);
  const to = instant("to", read.data.to);
  if (to < from) throw bad("to must not be before from");
  if (to - from > WEEK_MS) throw bad("Date range must not exceed 7 days");

  const low = firstAt(made, from);
  const high = firstAt(made, to + 1);
  const {
    status,
    call_type: direction,
    provider,
    batch_id: batch,
    answered_by_voice_mail: machine,
  } = read.data;
  const narrow = status ?? direction ?? provider ?? batch ?? machine;
  const wanted =
    narrow === undefined
      ? null
      : made
          .slice(low, high)
          .filter(
            (each) =>
              (status === undefined || statusOf(each) === status) &&
              (direction === undefined || each.direction === direction) &&
              (provider === undefined || provider === "plivo") &&
              batch === undefined &&
              (machine === undefined ||
                (each.plan.machine === true && statusOf(each) === "completed") === machine),
          );
  const total = wanted?.length ?? high - low;
  const last = total - (page_number - 1) * page_size;
  const first = Math.max(0, last - page_size);
  const data = last <= 0 ? [] : wanted ? wanted.slice(first, last) : made.slice(low + first, low + last);
  return { data: data.toReversed(), total, has_more: first > 0, page_number, page_size };
}

const numeric = (value: unknown): unknown =>
  typeof value === "string" && value !== "" ? Number(value) : value;
const truthy = (value: unknown): unknown => (value === "true" ? true : value === "false" ? false : value);

function instant(field: string, value: string): number {
  // A "+" that was not percent-encoded arrives as a blank.
  const repaired = value.replace(" ", "+");
  const at = Date.parse(/[zZ]$|[+-]\d\d:?\d\d$/.test(repaired) ? repaired : `${value}Z`);
  if (Number.isNaN(at)) throw bad(`${field} must be an ISO 8601 instant`);
  return at;
}

/** Index of the first execution made at or after `at`; executions stand in the order they were made. */
function firstAt(made: readonly Execution[], at: number): number {
  let low = 0;
  let high = made.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (made[middle]!.createdAt < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
