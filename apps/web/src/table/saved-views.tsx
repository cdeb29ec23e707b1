import { Bookmark, BookmarkPlus, Trash2 } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Field } from "@/ui/field.tsx";
import { Input } from "@/ui/input.tsx";
import { Menu } from "@/ui/popover.tsx";
import type { MenuEntry } from "@/ui/popover.tsx";
import { toast } from "@/ui/toast.ts";

interface View {
  name: string;
  search: Record<string, unknown>;
}

const key = (list: string) => `parley.views.${list}`;

function read(list: string): View[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key(list)) ?? "[]");
    return Array.isArray(kept) ? (kept as View[]).filter((view) => typeof view?.name === "string") : [];
  } catch {
    return [];
  }
}

/** Filters and sort of a list under a name, kept on this machine; a view is nothing but its address. */
export function SavedViews({
  list,
  search,
  onView,
}: {
  list: string;
  search: object;
  onView: (search: Record<string, unknown>) => void;
}) {
  const [views, setViews] = useState(() => read(list));
  const [naming, setNaming] = useState(false);
  const [name, setName] = useState("");
  const isSet = Object.keys(search).length > 0;
  const keep = (next: View[]) => {
    setViews(next);
    localStorage.setItem(key(list), JSON.stringify(next));
  };
  const current = JSON.stringify(search);
  const entries: MenuEntry[] = [
    ...(views.length > 0 ? [{ heading: "Saved views" } as const] : []),
    ...views.map((view) => ({
      label: view.name,
      checked: JSON.stringify(view.search) === current,
      onSelect: () => onView(view.search),
    })),
    ...(views.length > 0 ? (["rule"] as const) : []),
    {
      label: "Save this view",
      icon: BookmarkPlus,
      disabledReason: isSet ? null : "Set a filter first",
      onSelect: () => setNaming(true),
    },
    ...views
      .filter((view) => JSON.stringify(view.search) === current)
      .map((view) => ({
        label: `Forget “${view.name}”`,
        icon: Trash2,
        onSelect: () => {
          keep(views.filter((other) => other !== view));
          toast.done(`View “${view.name}” forgotten`, { undo: () => keep(views) });
        },
      })),
  ];
  return (
    <>
      <Menu
        entries={entries}
        trigger={
          <Button look="ghost" icon={Bookmark} className="max-lg:hidden">
            Views
          </Button>
        }
      />
      <Dialog
        open={naming}
        onOpenChange={setNaming}
        title="Save this view"
        footer={
          <>
            <Button onClick={() => setNaming(false)}>Cancel</Button>
            <Button
              look="filled"
              type="submit"
              form="save-view"
              disabledReason={name.trim() === "" ? "Give it a name" : null}
            >
              Save view
            </Button>
          </>
        }
      >
        <form
          id="save-view"
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() === "") return;
            keep([
              ...views.filter((view) => view.name !== name.trim()),
              { name: name.trim(), search: { ...search } },
            ]);
            setName("");
            setNaming(false);
          }}
        >
          <Field
            label="Name"
            help="Its filters and order are kept on this computer. To share it, copy the address."
          >
            <Input value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
        </form>
      </Dialog>
    </>
  );
}
