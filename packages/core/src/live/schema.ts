/** What open screens hear: that something changed, never what. They ask again for what they show. */
import * as z from "zod";

export const topics = [
  "calls",
  "campaigns",
  "contacts",
  "imports",
  "agents",
  "leads",
  "billing",
  "notifications",
  "settings",
  "tasks",
  "ops",
  /** Not a change: the stream stands; its id is the first place to resume from. */
  "begun",
  /** Not a change: forget what you know and ask for everything again. */
  "resync",
] as const;
export type Topic = (typeof topics)[number];

export const LiveChange = z.object({
  /** A place in time; send the last one seen to resume. */
  id: z.string(),
  topic: z.enum(topics),
  /** The row's id, or empty for the whole topic. */
  ref: z.string(),
});
export type LiveChange = z.infer<typeof LiveChange>;

export const liveProcedures = {
  stream: {
    input: z
      .strictObject({
        lastEventId: z.string().max(40).nullish(),
        topics: z.array(z.enum(topics)).max(topics.length).optional(),
      })
      .optional(),
    output: LiveChange,
  },
};
