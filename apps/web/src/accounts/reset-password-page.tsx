import { useNavigate, useParams } from "@tanstack/react-router";
import { useForm } from "react-hook-form";
import { paths } from "@/paths.ts";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Field } from "@/ui/field.tsx";
import { Input } from "@/ui/input.tsx";
import { toast } from "@/ui/toast.ts";
import { Entrance } from "./entrance.tsx";
import { FormError, showRefusal } from "@/ui/form-error.tsx";

/** The link that an operator made with `parley admin reset-password`. */
export function ResetPasswordPage() {
  const { token } = useParams({ from: "/reset-password/$token" });
  const navigate = useNavigate();
  const reset = trpc.auth.resetPassword.useMutation();
  const form = useForm({ defaultValues: { newPassword: "" } });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async ({ newPassword }) => {
    try {
      await reset.mutateAsync({ token, newPassword });
      toast.done("Password set. Sign in with it.");
      await navigate(paths.signIn());
    } catch (thrown) {
      showRefusal(thrown, form.setError, ["newPassword"]);
    }
  });
  return (
    <Entrance title="Choose a password" lead="The link works once. All your browsers are signed out.">
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4" noValidate>
        <FormError>{errors.root?.message}</FormError>
        <Field label="New password" help="At least 10 characters." error={errors.newPassword?.message}>
          <Input
            type="password"
            autoComplete="new-password"
            autoFocus
            {...form.register("newPassword", {
              required: "Choose a password of at least 10 characters",
              minLength: { value: 10, message: "Choose at least 10 characters" },
            })}
          />
        </Field>
        <Button look="filled" type="submit" busy={isSubmitting} className="mt-1 lg:h-9">
          Set the password
        </Button>
      </form>
    </Entrance>
  );
}
