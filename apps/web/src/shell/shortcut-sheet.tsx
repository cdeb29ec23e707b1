import { Dialog } from "@/ui/dialog.tsx";
import { commandKey, Kbd } from "@/ui/kbd.tsx";
import { activeShortcuts } from "./shortcuts.ts";

const pictures: Record<string, string> = {
  arrowleft: "←",
  arrowright: "→",
  arrowup: "↑",
  arrowdown: "↓",
  space: "Space",
  enter: "Enter",
  escape: "Esc",
};

const keyWords = (keys: string): string[] =>
  keys
    .split(" ")
    .flatMap((key) => (key.startsWith("mod+") ? [commandKey.trim(), key.slice(4)] : [pictures[key] ?? key]));

/** Every key that does something on this page, read from the bindings themselves. */
export default function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const all = activeShortcuts();
  const groups = [...new Set(all.map((shortcut) => shortcut.group))];
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="Keyboard shortcuts" wide>
      <div className="grid gap-x-10 gap-y-5 sm:grid-cols-2">
        {groups.map((group) => (
          <section key={group}>
            <h3 className="mb-1 text-xs font-medium text-ink-3">{group}</h3>
            <ul>
              {all
                .filter((shortcut) => shortcut.group === group)
                .map((shortcut) => (
                  <li
                    key={shortcut.keys}
                    className="flex h-7 items-center justify-between border-t border-line text-ink"
                  >
                    {shortcut.label}
                    <span className="flex gap-1">
                      {keyWords(shortcut.keys).map((key) => (
                        <Kbd key={key}>{key}</Kbd>
                      ))}
                    </span>
                  </li>
                ))}
            </ul>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
