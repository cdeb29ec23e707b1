import { invalid } from "@parley/core/errors";
import * as z from "zod";

/** What a list is asked for: an opaque cursor and how many rows. */
export type PageInput = { cursor?: string | null | undefined; limit?: number | undefined };

const DEFAULT_LIMIT = 50;

/** Rows to fetch: one more than shown, which tells whether another page follows. */
export const fetchLimit = ({ limit = DEFAULT_LIMIT }: PageInput): number => limit + 1;

/**
 * The position after which a page begins, as the sort values of the row before it; null for the first page.
 * A cursor of another list, or a made-up one, is `invalid`.
 */
export function cursorOf<Position extends z.ZodType>(
  { cursor }: PageInput,
  position: Position,
): z.output<Position> | null {
  if (!cursor) return null;
  try {
    return position.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch {
    throw invalid("cursor: this is not a cursor of this list. Ask for the first page without one.");
  }
}

/** Cuts the extra row off and makes the cursor of the next page from the last one shown. */
export function pageOf<Row, Item>(
  found: readonly Row[],
  { limit = DEFAULT_LIMIT }: PageInput,
  position: (row: Row) => unknown,
  item: (row: Row) => Item,
): { items: Item[]; nextCursor: string | null } {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor =
    found.length > limit && last !== undefined
      ? Buffer.from(JSON.stringify(position(last))).toString("base64url")
      : null;
  return { items: shown.map(item), nextCursor };
}
