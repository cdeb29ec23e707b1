import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import { useId, useState } from "react";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { cn } from "./cn.ts";
import { Field } from "./field.tsx";
import { Input } from "./input.tsx";

const Dim = () => (
  <Primitive.Overlay className="enter-fade fixed inset-0 z-40 bg-[oklch(0.2_0.02_264/0.32)] dark:bg-[oklch(0.08_0.02_264/0.6)]" />
);

/** A modal box. Lists and details belong in a drawer; this is for a decision or a short form. */
export function Dialog({
  open,
  onOpenChange,
  title,
  children,
  footer,
  wide = false,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
  wide?: boolean;
}) {
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Dim />
        <Primitive.Content
          aria-describedby={undefined}
          className={cn(
            "enter-pop fixed left-1/2 top-[18dvh] z-50 flex max-h-[74dvh] w-[calc(100vw-32px)] -translate-x-1/2 flex-col rounded-lg bg-raised text-sm shadow-pop outline-none",
            wide ? "max-w-[640px]" : "max-w-[440px]",
          )}
        >
          <Primitive.Title className="px-5 pb-2 pr-12 pt-4 text-lg font-semibold">{title}</Primitive.Title>
          <div className="min-h-0 overflow-y-auto px-5 pb-4 text-ink-2">{children}</div>
          {footer && (
            <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3 max-sm:[&>button]:grow">
              {footer}
            </div>
          )}
          {/* Last in order, so that the first field has the focus and not the way out. */}
          <Primitive.Close
            aria-label="Close"
            className="absolute right-3 top-3 grid size-8 place-items-center rounded-md text-ink-2 hover:bg-hover hover:text-ink"
          >
            <X className="size-4" strokeWidth={1.75} aria-hidden />
          </Primitive.Close>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/**
 * Asks before something that cannot be taken back. The title is the verb and the body the
 * numbers; with `typed` the word must be written before the button works.
 */
export function DangerDialog({
  open,
  onOpenChange,
  title,
  children,
  action,
  typed,
  busy,
  look = "danger",
  onConfirm,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  children: ReactNode;
  action: string;
  typed?: string;
  busy?: boolean;
  /** `filled` for what is weighty but wanted, such as starting a campaign. */
  look?: "danger" | "filled";
  onConfirm: () => void;
}) {
  const [written, setWritten] = useState("");
  const formId = useId();
  const missing = typed !== undefined && written.trim() !== typed ? `Type ${typed} above` : null;
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        if (!next) setWritten("");
        onOpenChange(next);
      }}
      title={title}
      footer={
        <>
          {missing && <span className="mr-auto self-center text-xs text-ink-3">{missing}</span>}
          <Button onClick={() => onOpenChange(false)}>Keep as it is</Button>
          <Button look={look} type="submit" form={formId} disabledReason={missing} busy={busy ?? false}>
            {action}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        onSubmit={(event) => {
          event.preventDefault();
          if (!missing && !busy) onConfirm();
        }}
      >
        <div className="space-y-2">{children}</div>
        {typed !== undefined && (
          <Field label={<>Type {typed} to confirm</>} className="mt-4">
            <Input value={written} autoComplete="off" onChange={(event) => setWritten(event.target.value)} />
          </Field>
        )}
      </form>
    </Dialog>
  );
}

/** A side sheet over the page; the page stays usable and undimmed, esc closes. */
export function Drawer({
  open,
  onOpenChange,
  title,
  aside,
  wide = false,
  children,
  footer,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  aside?: ReactNode;
  wide?: boolean;
  children: ReactNode;
  footer?: ReactNode;
}) {
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange} modal={false}>
      <Primitive.Portal>
        <Primitive.Content
          aria-describedby={undefined}
          onInteractOutside={(event) => event.preventDefault()}
          className={cn(
            "enter-drawer fixed inset-y-0 right-0 z-30 flex w-full flex-col bg-surface text-sm shadow-drawer outline-none",
            wide ? "sm:max-w-[640px]" : "sm:max-w-[480px]",
          )}
        >
          <div className="flex h-12 shrink-0 items-center gap-2 border-b border-line pl-5 pr-3">
            <Primitive.Title className="min-w-0 truncate text-md font-semibold">{title}</Primitive.Title>
            <span className="ml-auto flex items-center gap-1">
              {aside}
              <Primitive.Close
                aria-label="Close"
                className="grid size-10 place-items-center rounded-md text-ink-2 hover:bg-hover hover:text-ink lg:size-7"
              >
                <X className="size-4" strokeWidth={1.75} aria-hidden />
              </Primitive.Close>
            </span>
          </div>
          <div tabIndex={0} data-inset-focus className="min-h-0 grow overflow-y-auto">
            {children}
          </div>
          {footer && <div className="flex items-center gap-2 border-t border-line px-5 py-3">{footer}</div>}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
