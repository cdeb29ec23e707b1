import * as z from "zod";
import { Count, Id, Instant, page, pageInput } from "../fields.ts";

/** An in-app notice: a campaign ended or was stopped by the breaker, credit ran out, an incident. */
export const Notification = z.object({
  id: Id,
  kind: z.string(),
  title: z.string(),
  body: z.string(),
  link: z.string().nullable(),
  createdAt: Instant,
  readAt: Instant.nullable(),
});
export type Notification = z.infer<typeof Notification>;

export const notificationsProcedures = {
  list: {
    input: z.strictObject({ ...pageInput, unread: z.boolean().optional() }),
    output: page(Notification).extend({ unread: Count }),
  },
  /** Without ids: all of them. */
  markRead: {
    input: z.strictObject({ ids: z.array(Id).min(1).max(200).optional() }),
    output: z.object({ unread: Count }),
  },
};
