import type { Contact, contactSorts } from "@parley/core/contacts/schema";
import type { ContactFilter } from "@parley/core/contacts/filter";
import { param, raw, row, rows, sql } from "@parley/db";
import * as z from "zod";
import { matchingContacts } from "../contact-filter.ts";
import type { Ctx } from "../context.ts";
import { cursorOf, fetchLimit, pageOf, type PageInput } from "../page.ts";
import { contactColumns } from "./row.ts";

export type ListContacts = PageInput & {
  search?: string | undefined;
  filter?: ContactFilter | undefined;
  sort?: (typeof contactSorts)[number] | undefined;
};

/** Ordered columns are never null, so that a position is a pair that can be compared. */
const sorted = {
  createdAt: { column: "created_at", type: "timestamptz" },
  name: { column: "sort_name", type: "text" },
  score: { column: "sort_score", type: "int" },
} as const;

/** Counting further would cost more than the figure is worth; null says "more". */
const COUNTED_MAX = 100_000;

type Found = Contact & { sort_key: string };

/** Contacts by filter and sort, page after page at the same cost. The total comes with the first page only. */
export async function listContacts(ctx: Ctx, { search, filter, sort = "-createdAt", ...page }: ListContacts) {
  const descending = sort.startsWith("-");
  const { column, type } = sorted[sort.replace("-", "") as keyof typeof sorted];
  const order = descending ? "desc" : "asc";
  const q = [search, filter?.q].filter(Boolean).join(" ");
  const meant = sql`
    c.user_id = ${param(ctx.user.id)} and c.erased_at is null
    and ${matchingContacts({ ...filter, q: q || undefined })}`;
  const after = cursorOf(page, z.object({ sort: z.literal(sort), key: z.string(), id: z.uuid() }));
  const beyond = after
    ? sql`and (c.${raw(column)}, c.id) ${raw(descending ? "<" : ">")} (${param(after.key)}::${raw(type)}, ${param(after.id)}::uuid)`
    : sql``;
  return ctx.db.tx(async (tx) => {
    const found = await rows<Found>(
      tx,
      sql`
      select ${contactColumns}, c.${raw(column)}::text as sort_key
      from contacts c
      where ${meant} ${beyond}
      order by c.${raw(column)} ${raw(order)}, c.id ${raw(order)}
      limit ${param(fetchLimit(page))}`,
    );
    const { n } = after
      ? { n: null }
      : await row<{ n: number }>(
          tx,
          sql`select count(*)::int as n from (select 1 from contacts c where ${meant} limit ${param(COUNTED_MAX + 1)}) counted`,
        );
    const total = n === null || n > COUNTED_MAX ? null : n;
    return {
      ...pageOf(
        found,
        page,
        ({ sort_key, id }) => ({ sort, key: sort_key, id }),
        (contact): Contact => contact,
      ),
      total,
    };
  });
}
