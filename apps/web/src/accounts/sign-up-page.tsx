import { Link, useNavigate } from "@tanstack/react-router";
import { useForm } from "react-hook-form";
import { paths } from "@/paths.ts";
import { queryClient, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Field } from "@/ui/field.tsx";
import { viewerZone, zoneCity } from "@/ui/format.ts";
import { Input } from "@/ui/input.tsx";
import { Entrance } from "./entrance.tsx";
import { FormError, showRefusal } from "@/ui/form-error.tsx";

const region = (() => {
  try {
    return new Intl.Locale(navigator.language).region;
  } catch {
    return undefined;
  }
})();

export function SignUpPage() {
  const navigate = useNavigate();
  const signUp = trpc.auth.signUp.useMutation();
  const form = useForm({ defaultValues: { name: "", company: "", email: "", password: "" } });
  const { errors, isSubmitting } = form.formState;

  const submit = form.handleSubmit(async ({ company, ...values }) => {
    try {
      await signUp.mutateAsync({
        ...values,
        ...(company.trim() ? { company } : {}),
        timeZone: viewerZone,
        ...(region && /^[A-Z]{2}$/.test(region) ? { defaultRegion: region } : {}),
      });
      queryClient.clear();
      await navigate(paths.home());
    } catch (thrown) {
      showRefusal(thrown, form.setError, ["email", "password", "name", "company"]);
    }
  });

  return (
    <Entrance
      title="Make a workspace"
      lead="With simulated calls until you connect a provider."
      below={
        <>
          Have one already?{" "}
          <Link {...paths.signIn()} className="font-medium text-accent-ink hover:underline">
            Sign in
          </Link>
        </>
      }
    >
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4" noValidate>
        <FormError>{errors.root?.message}</FormError>
        <Field label="Your name" error={errors.name?.message}>
          <Input autoComplete="name" autoFocus {...form.register("name", { required: "Write your name" })} />
        </Field>
        <Field
          label="Company"
          optional
          help="Agents name it when they introduce themselves."
          error={errors.company?.message}
        >
          <Input autoComplete="organization" {...form.register("company")} />
        </Field>
        <Field label="E-mail" error={errors.email?.message}>
          <Input
            type="email"
            autoComplete="username"
            {...form.register("email", { required: "Write your e-mail address" })}
          />
        </Field>
        <Field label="Password" help="At least 10 characters." error={errors.password?.message}>
          <Input
            type="password"
            autoComplete="new-password"
            {...form.register("password", {
              required: "Choose a password of at least 10 characters",
              minLength: { value: 10, message: "Choose at least 10 characters" },
            })}
          />
        </Field>
        <Button look="filled" type="submit" busy={isSubmitting} className="mt-1 lg:h-9">
          {isSubmitting ? "Making it" : "Make the workspace"}
        </Button>
        <p className="text-xs text-ink-3">
          Times will be shown for {zoneCity(viewerZone)}; the settings change that.
        </p>
      </form>
    </Entrance>
  );
}
