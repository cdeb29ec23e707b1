import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, Ellipsis } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import type { Place } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { useRowHeight } from "@/shell/appearance.ts";
import { usePageScroll } from "@/shell/page.tsx";
import { useShortcuts } from "@/shell/shortcuts.ts";
import { refusal } from "@/trpc.ts";
import { Button, IconButton } from "@/ui/button.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { cn } from "@/ui/cn.ts";
import { count } from "@/ui/format.ts";
import { useMedia, useNarrow } from "@/ui/media.ts";
import { Menu } from "@/ui/popover.tsx";
import type { MenuEntry } from "@/ui/popover.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import type { Column } from "./columns.tsx";
import { headState, isSelected, noneSelected, selectedCount, toggled } from "./selection.ts";
import type { Selection } from "./selection.ts";

/** What the table needs of an infinite query; TanStack's result has this shape. */
export interface PagedQuery<Row> {
  data: { pages: { items: Row[]; total?: number | null }[] } | undefined;
  error: unknown;
  isPending: boolean;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
  refetch: () => unknown;
}

export interface QueryTableProps<Row> {
  /** Names the table for assistive technology. */
  label: string;
  query: PagedQuery<Row>;
  columns: Column<Row>[];
  rowId: (row: Row) => string;
  /** Where the row leads: enter, and a click beside its links. */
  rowLink?: (row: Row) => Place;
  rowName: (row: Row) => string;
  rowActions?: (row: Row) => MenuEntry[];
  /** The row below 1024 px: first line name and state, second line the rest. */
  narrow: (row: Row) => ReactNode;
  sort?: string | undefined;
  onSort?: (sort: string) => void;
  selection?: Selection;
  onSelection?: (selection: Selection) => void;
  /** Stands in the head's place while rows are chosen. */
  selectionBar?: (chosen: { selection: Selection; count: number | null }) => ReactNode;
  /** All rows there are, when the server knows. */
  total?: number | null | undefined;
  empty: ReactNode;
  /** When this changes, the row is washed for a moment: a push altered it under the reader's eyes. */
  washKey?: (row: Row) => string;
}

/**
 * A list as long as it likes: pages come by cursor while scrolling, only the rows in view exist, the head stays.
 * It scrolls with the page. Keys: j/k move, enter opens, x chooses.
 */
export function QueryTable<Row>({
  label,
  query,
  columns: allColumns,
  rowId,
  rowLink,
  rowName,
  rowActions,
  narrow,
  sort,
  onSort,
  selection = noneSelected,
  onSelection,
  selectionBar,
  total,
  empty,
  washKey,
}: QueryTableProps<Row>) {
  const scroll = usePageScroll();
  const isNarrow = useNarrow();
  const isXl = useMedia("(min-width: 1280px)");
  const is2xl = useMedia("(min-width: 1536px)");
  const rowHeight = useRowHeight();
  const go = useGo();
  const list = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const [active, setActive] = useState<number | null>(null);

  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const changes = useChanges(rows, rowId, washKey);
  const knownTotal = total ?? query.data?.pages[0]?.total ?? (query.hasNextPage ? null : rows.length);
  const columns = allColumns.filter((column) => !column.from || (column.from === "xl" ? isXl : is2xl));

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => (isNarrow ? 64 : rowHeight),
    overscan: 12,
    scrollMargin: margin,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : rowId(row);
    },
  });
  useEffect(() => virtual.measure(), [virtual, rowHeight, isNarrow]);

  // Anything above may move where the list begins, so it is measured after every drawing; it settles at once.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  useLayoutEffect(() => {
    const parent = scroll.current;
    if (!list.current || !parent) return;
    const top =
      list.current.getBoundingClientRect().top - parent.getBoundingClientRect().top + parent.scrollTop;
    if (Math.abs(top - margin) > 1) setMargin(top);
  });

  const shown = virtual.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? -1;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    if (lastShown >= rows.length - 20 && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [lastShown, rows.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  const move = (by: number) => {
    if (rows.length === 0) return;
    const next = Math.min(rows.length - 1, Math.max(0, (active ?? (by > 0 ? -1 : rows.length)) + by));
    setActive(next);
    virtual.scrollToIndex(next, { align: "auto" });
    requestAnimationFrame(() =>
      list.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus({ preventScroll: true }),
    );
  };
  const open = (row: Row | undefined) => {
    if (row !== undefined && rowLink) go(rowLink(row));
  };
  const choose = (row: Row | undefined) => {
    if (row !== undefined && onSelection) onSelection(toggled(selection, rowId(row)));
  };
  useShortcuts([
    { keys: "j", label: "Next row", group: "Lists", run: () => move(1) },
    { keys: "k", label: "Previous row", group: "Lists", run: () => move(-1) },
    ...(rowLink
      ? [
          {
            keys: "enter",
            label: "Open the row",
            group: "Lists" as const,
            run: (event: KeyboardEvent) => {
              if (event.target instanceof HTMLElement && event.target.closest("a, button, [role=menuitem]")) {
                event.target.click();
                return;
              }
              if (active !== null) open(rows[active]);
            },
          },
        ]
      : []),
    ...(onSelection
      ? [
          {
            keys: "x",
            label: "Choose the row",
            group: "Lists" as const,
            run: () => active !== null && choose(rows[active]),
          },
        ]
      : []),
  ]);

  if (query.error && rows.length === 0) {
    return (
      <div className="flex flex-wrap items-center gap-3 px-4 py-6 lg:px-5" role="alert">
        <span className="text-ink-2">{refusal(query.error).message}</span>
        <Button onClick={() => void query.refetch()}>Try again</Button>
      </div>
    );
  }
  if (query.isPending) return <SkeletonRows rows={12} columns={Math.min(6, columns.length)} />;
  if (rows.length === 0) return empty;

  const template = [
    ...(onSelection ? ["28px"] : []),
    ...columns.map((column) => column.width),
    ...(rowActions ? ["28px"] : []),
  ].join(" ");
  const chosen = selectedCount(selection, knownTotal);
  const anyChosen = selection.kind === "all" || selection.ids.size > 0;
  const ids = rows.map(rowId);

  return (
    <div
      role="table"
      aria-label={label}
      aria-rowcount={knownTotal === null ? -1 : knownTotal + 1}
      aria-colcount={columns.length}
      data-inset-focus
    >
      {anyChosen && selectionBar ? (
        <div
          role="row"
          aria-rowindex={1}
          className="sticky top-0 z-10 border-b border-line bg-selected px-4 lg:px-5"
        >
          <div role="cell" className="flex min-h-9 flex-wrap items-center gap-x-3 gap-y-1">
            <Checkbox
              label="Choose all rows shown"
              hideLabel
              checked={headState(selection, ids)}
              onChecked={() => onSelection?.(noneSelected)}
              className="-ml-1"
            />
            <span className="tnum font-medium">
              {chosen === null ? "All that match" : `${count(chosen)} selected`}
            </span>
            {selection.kind === "some" && (knownTotal === null || knownTotal > selection.ids.size) && (
              <Button look="link" size="sm" onClick={() => onSelection?.({ kind: "all", but: new Set() })}>
                Select all {knownTotal === null ? "" : `${count(knownTotal)} `}that match
              </Button>
            )}
            <span className="ml-auto flex flex-wrap items-center gap-2">
              {selectionBar({ selection, count: chosen })}
            </span>
          </div>
        </div>
      ) : (
        !isNarrow && (
          <div
            role="row"
            aria-rowindex={1}
            className="sticky top-0 z-10 grid h-7 items-center border-b border-line bg-sunken px-5 text-xs font-medium text-ink-3"
            style={{ gridTemplateColumns: template }}
          >
            {onSelection && (
              <span role="columnheader" className="-ml-1">
                <Checkbox
                  label="Choose all rows shown"
                  hideLabel
                  checked={false}
                  onChecked={() => onSelection({ kind: "some", ids: new Set(ids) })}
                />
              </span>
            )}
            {columns.map((column, index) => (
              <HeadCell
                key={column.id}
                column={column}
                first={index === 0 && !onSelection}
                last={index === columns.length - 1 && !rowActions}
                sort={sort}
                {...(onSort ? { onSort } : {})}
              />
            ))}
            {rowActions && (
              <span role="columnheader">
                <span className="sr-only">Actions</span>
              </span>
            )}
          </div>
        )
      )}
      <div ref={list} role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {shown.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const id = rowId(row);
          const on = isSelected(selection, id);
          return (
            // The list answers j, k and enter, and the row's name is a link: the click is a shortcut for the mouse.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={item.key}
              ref={isNarrow ? virtual.measureElement : undefined}
              data-index={item.index}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={onSelection ? on : undefined}
              tabIndex={-1}
              className={cn(
                "absolute inset-x-0 top-0 border-b border-line",
                on ? "bg-selected" : "hover:bg-hover",
                active === item.index && "outline-2 -outline-offset-2 outline-focus",
                rowLink && "cursor-pointer",
                !isNarrow && "grid items-center px-5",
              )}
              style={{
                transform: `translateY(${item.start - margin}px)`,
                ...(isNarrow ? {} : { gridTemplateColumns: template, height: rowHeight }),
              }}
              onClick={(event) => {
                if (
                  event.target instanceof Element &&
                  event.target.closest("a, button, input, label, [role=menuitem]")
                )
                  return;
                if (window.getSelection()?.toString()) return;
                open(row);
              }}
            >
              {(changes.get(id)?.times ?? 0) > 0 && (
                <span
                  key={changes.get(id)?.times}
                  className="wash pointer-events-none absolute inset-0 -z-10"
                  aria-hidden
                />
              )}
              {isNarrow ? (
                <div role="cell" className="flex min-h-16 items-center gap-3 px-4 py-2">
                  {onSelection && (
                    <Checkbox
                      label={`Choose ${rowName(row)}`}
                      hideLabel
                      checked={on}
                      onChecked={() => choose(row)}
                      className="-ml-1"
                    />
                  )}
                  <div className="min-w-0 grow">{narrow(row)}</div>
                  {rowActions && <RowMenu name={rowName(row)} entries={rowActions(row)} />}
                </div>
              ) : (
                <>
                  {onSelection && (
                    <span role="cell" className="-ml-1">
                      <Checkbox
                        label={`Choose ${rowName(row)}`}
                        hideLabel
                        checked={on}
                        onChecked={() => choose(row)}
                      />
                    </span>
                  )}
                  {columns.map((column, index) => (
                    <div
                      key={column.id}
                      role="cell"
                      className={cn(
                        "min-w-0 truncate",
                        (index > 0 || onSelection) && "pl-2.5",
                        (index < columns.length - 1 || rowActions) && "pr-2.5",
                        column.align === "right" && "tnum text-right",
                      )}
                    >
                      {column.cell(row)}
                    </div>
                  ))}
                  {rowActions && (
                    <span role="cell">
                      <RowMenu name={rowName(row)} entries={rowActions(row)} />
                    </span>
                  )}
                </>
              )}
            </div>
          );
        })}
      </div>
      {isFetchingNextPage && <SkeletonRows rows={3} columns={Math.min(6, columns.length)} />}
    </div>
  );
}

/** How often each row has changed since it was first seen. */
function useChanges<Row>(rows: Row[], rowId: (row: Row) => string, washKey?: (row: Row) => string) {
  const seen = useRef(new Map<string, { key: string; times: number }>());
  if (washKey) {
    for (const row of rows) {
      const key = washKey(row);
      const before = seen.current.get(rowId(row));
      if (!before) seen.current.set(rowId(row), { key, times: 0 });
      else if (before.key !== key) seen.current.set(rowId(row), { key, times: before.times + 1 });
    }
  }
  return seen.current;
}

const RowMenu = ({ name, entries }: { name: string; entries: MenuEntry[] }) =>
  entries.length === 0 ? null : (
    <Menu trigger={<IconButton icon={Ellipsis} label={`Actions for ${name}`} inRow />} entries={entries} />
  );

function HeadCell<Row>({
  column,
  first,
  last,
  sort,
  onSort,
}: {
  column: Column<Row>;
  first: boolean;
  last: boolean;
  sort: string | undefined;
  onSort?: (sort: string) => void;
}) {
  const up = column.sort?.up === sort && sort !== undefined;
  const down = column.sort?.down === sort && sort !== undefined;
  const look = cn(
    "min-w-0 truncate",
    !first && "pl-2.5",
    !last && "pr-2.5",
    column.align === "right" && "text-right",
  );
  if (!column.sort || !onSort) {
    return (
      <span role="columnheader" className={look}>
        {column.head}
      </span>
    );
  }
  const { sort: words } = column;
  return (
    <span role="columnheader" aria-sort={up ? "ascending" : down ? "descending" : "none"} className={look}>
      <button
        type="button"
        onClick={() => onSort(down ? words.up : words.down)}
        className="inline-flex min-h-6 items-center gap-1 font-medium hover:text-ink"
      >
        {column.head}
        {up && <ArrowUp className="size-3" strokeWidth={2} aria-hidden />}
        {down && <ArrowDown className="size-3" strokeWidth={2} aria-hidden />}
      </button>
    </span>
  );
}
