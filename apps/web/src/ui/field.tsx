import { CircleAlert } from "lucide-react";
import { createContext, use, useId } from "react";
import type { ReactNode } from "react";
import { cn } from "./cn.ts";

interface FieldIds {
  id: string;
  describedBy: string | undefined;
  invalid: boolean;
}

const FieldContext = createContext<FieldIds | null>(null);

/** Attributes that tie a control to the label, help and error of the field around it. */
export function useFieldControl(own: { id?: string | undefined }) {
  const field = use(FieldContext);
  return {
    id: own.id ?? field?.id,
    "aria-describedby": field?.describedBy,
    "aria-invalid": field?.invalid || undefined,
  };
}

/** Label above, help under; an error takes the place of the help and says the cure. */
export function Field({
  label,
  help,
  error,
  optional = false,
  aside,
  className,
  children,
}: {
  label: ReactNode;
  help?: ReactNode;
  error?: ReactNode;
  optional?: boolean;
  /** A link or count at the right end of the label's line. */
  aside?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  const id = useId();
  const note = error ? `${id}-error` : help ? `${id}-help` : undefined;
  return (
    <div className={cn("flex min-w-0 flex-col gap-1", className)}>
      <div className="flex items-baseline gap-2 text-xs">
        <label htmlFor={id} className="font-medium text-ink">
          {label}
        </label>
        {optional && <span className="text-ink-3">optional</span>}
        {aside && <span className="ml-auto">{aside}</span>}
      </div>
      <FieldContext value={{ id, describedBy: note, invalid: Boolean(error) }}>{children}</FieldContext>
      {error ? (
        <p id={note} role="alert" className="flex items-start gap-1.5 text-xs text-bad-ink">
          <CircleAlert className="mt-px size-3.5 shrink-0" strokeWidth={1.75} aria-hidden />
          <span>{error}</span>
        </p>
      ) : (
        help && (
          <p id={note} className="text-xs text-ink-3">
            {help}
          </p>
        )
      )}
    </div>
  );
}

/** Several controls under one name: a row of checkboxes, a set of choices. */
export function FieldGroup({
  label,
  help,
  error,
  children,
  className,
}: {
  label: ReactNode;
  help?: ReactNode;
  error?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  const id = useId();
  return (
    <fieldset className={cn("min-w-0", className)} aria-describedby={help || error ? id : undefined}>
      <legend className="mb-1 text-xs font-medium text-ink">{label}</legend>
      {children}
      {(error || help) && (
        <p id={id} className={cn("mt-1 text-xs", error ? "text-bad-ink" : "text-ink-3")}>
          {error || help}
        </p>
      )}
    </fieldset>
  );
}
