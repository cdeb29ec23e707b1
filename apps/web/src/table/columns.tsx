import { Columns3 } from "lucide-react";
import { useState } from "react";
import type { ReactNode } from "react";
import { Button } from "@/ui/button.tsx";
import { Checkbox } from "@/ui/choice.tsx";
import { Popover } from "@/ui/popover.tsx";

export interface Column<Row> {
  id: string;
  head: string;
  /** A grid track: `minmax(160px, 2fr)`, `96px`. */
  width: string;
  align?: "right";
  cell: (row: Row) => ReactNode;
  /** The words of `sort` for rising and falling order, if the server can sort by it. */
  sort?: { up: string; down: string };
  /** Not shown until chosen. */
  optional?: boolean;
  /** Leaves below this width, whatever was chosen. */
  from?: "xl" | "2xl";
  /** Cannot be taken away: the name. */
  fixed?: boolean;
}

const key = (table: string) => `parley.columns.${table}`;

function readChoice(table: string): string[] | null {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key(table)) ?? "null");
    return Array.isArray(stored) ? stored.filter((id): id is string => typeof id === "string") : null;
  } catch {
    return null;
  }
}

/** Which columns this person wants to see, remembered on this machine. */
export function useColumns<Row>(table: string, all: Column<Row>[]) {
  const [chosen, setChosen] = useState(() => readChoice(table));
  const isShown = (column: Column<Row>) =>
    column.fixed === true || (chosen ? chosen.includes(column.id) : column.optional !== true);
  const setShown = (id: string, shown: boolean) => {
    const next = all
      .filter((column) => (column.id === id ? shown : isShown(column)))
      .map((column) => column.id);
    setChosen(next);
    try {
      localStorage.setItem(key(table), JSON.stringify(next));
    } catch {
      // Kept for this visit only.
    }
  };
  const chooser = (
    <Popover
      label="Columns"
      align="end"
      trigger={
        <Button look="ghost" icon={Columns3} className="max-lg:hidden">
          Columns
        </Button>
      }
    >
      <div className="flex min-w-40 flex-col px-3 py-2">
        {all
          .filter((column) => column.head !== "")
          .map((column) => (
            <Checkbox
              key={column.id}
              label={column.head}
              checked={isShown(column)}
              disabled={column.fixed === true}
              onChecked={(shown) => setShown(column.id, shown)}
            />
          ))}
      </div>
    </Popover>
  );
  return { columns: all.filter(isShown), chooser };
}
