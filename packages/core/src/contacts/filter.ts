/** The filter over contacts: the same value in lists, exports and campaign audiences. */
import * as z from "zod";
import { Id, Tag } from "../fields.ts";
import { temperatures } from "../leads/grade.ts";

export const ContactFilter = z.strictObject({
  /** Free text over name, company, e-mail and number. */
  q: z.string().trim().max(200).optional(),
  /** All of them. */
  tags: z.array(Tag).min(1).max(20).optional(),
  stage: z.string().trim().max(60).optional(),
  temperature: z.enum(temperatures).optional(),
  importId: Id.optional(),
  suppressed: z.boolean().optional(),
});
export type ContactFilter = z.infer<typeof ContactFilter>;
