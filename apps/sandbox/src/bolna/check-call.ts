import { placeCallBody, type PlaceCallBody } from "@parley/core/wire/bolna";
import { lines } from "./account.ts";
import { bad, Refusal } from "./refusal.ts";

const EARLIEST_SCHEDULE_MS = 2 * 60_000;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The body of `POST /call`, or the refusal the vendor would answer. */
export function checkCall(body: unknown, now: number): PlaceCallBody & { scheduledAt: number | null } {
  if (!isObject(body)) throw bad("Request body must be a JSON object");
  for (const field of ["agent_id", "recipient_phone_number"]) {
    if (body[field] === undefined || body[field] === null || body[field] === "")
      throw bad(`${field} is required`);
  }
  const { scheduled_at: scheduled } = body;
  // Documented behaviour: their parser falls over the Z.
  if (typeof scheduled === "string" && /z$/i.test(scheduled.trim()))
    throw new Refusal(500, "Internal server error");
  const read = placeCallBody.safeParse(body);
  if (!read.success) {
    const issue = read.error.issues[0]!;
    const field = issue.path.join(".");
    throw bad(field === "from_phone_number" ? "Invalid from_phone_number" : `${field}: ${issue.message}`);
  }
  const { from_phone_number: from } = read.data;
  if (from && !(lines as readonly string[]).includes(from)) throw bad("Invalid from_phone_number");
  const scheduledAt = read.data.scheduled_at ? Date.parse(read.data.scheduled_at) : null;
  if (scheduledAt !== null && Number.isNaN(scheduledAt))
    throw bad("scheduled_at: must be ISO 8601 with a numeric offset");
  if (scheduledAt !== null && scheduledAt < now + EARLIEST_SCHEDULE_MS) {
    throw bad("Scheduled time should be atleast 2 minutes in the future");
  }
  return { ...read.data, scheduledAt };
}
