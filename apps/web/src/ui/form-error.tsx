import { CircleAlert } from "lucide-react";
import type { FieldValues, Path, UseFormSetError } from "react-hook-form";
import { refusal } from "@/trpc.ts";

/** The button that was pressed may be far below: what came of it is brought into sight. */
const intoSight = (told: HTMLElement | null) => told?.scrollIntoView({ block: "nearest" });

/** What the server said against a form as a whole. */
export const FormError = ({ children }: { children: string | null | undefined }) =>
  children ? (
    <p
      ref={intoSight}
      role="alert"
      className="flex items-start gap-2 rounded-md bg-bad-tint px-3 py-2 text-bad-ink"
    >
      <CircleAlert className="mt-0.5 size-4 shrink-0" strokeWidth={1.75} aria-hidden />
      <span>{children}</span>
    </p>
  ) : null;

/** Puts a refusal's issues on the fields they name; the rest on the form. */
export function showRefusal<Values extends FieldValues>(
  thrown: unknown,
  setError: UseFormSetError<Values>,
  fields: readonly string[],
) {
  const told = refusal(thrown);
  const placed = told.issues.filter((issue) => fields.includes(issue.path.split(".")[0] ?? ""));
  for (const issue of placed) setError(issue.path as Path<Values>, { message: issue.message });
  if (placed.length === 0) setError("root", { message: told.message });
}
