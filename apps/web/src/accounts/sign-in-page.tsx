import { Link, useRouter, useSearch } from "@tanstack/react-router";
import { useForm } from "react-hook-form";
import { paths } from "@/paths.ts";
import { queryClient, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Field } from "@/ui/field.tsx";
import { Input } from "@/ui/input.tsx";
import { Entrance } from "./entrance.tsx";
import { FormError, showRefusal } from "@/ui/form-error.tsx";

export function SignInPage() {
  const { next } = useSearch({ from: "/sign-in" });
  const router = useRouter();
  const signIn = trpc.auth.signIn.useMutation();
  const form = useForm({ defaultValues: { email: "", password: "" } });
  const { errors, isSubmitting } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    try {
      await signIn.mutateAsync(values);
      queryClient.clear();
      if (next) router.history.push(next);
      else await router.navigate(paths.home());
    } catch (thrown) {
      showRefusal(thrown, form.setError, ["email", "password"]);
    }
  });

  return (
    <Entrance
      title="Sign in"
      lead="To your workspace."
      below={
        <>
          No workspace yet?{" "}
          <Link {...paths.signUp()} className="font-medium text-accent-ink hover:underline">
            Make one
          </Link>
        </>
      }
    >
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4" noValidate>
        <FormError>{errors.root?.message}</FormError>
        <Field label="E-mail" error={errors.email?.message}>
          <Input
            type="email"
            autoComplete="username"
            autoFocus
            {...form.register("email", { required: "Write the address you signed up with" })}
          />
        </Field>
        <Field label="Password" error={errors.password?.message}>
          <Input
            type="password"
            autoComplete="current-password"
            {...form.register("password", { required: "Write your password" })}
          />
        </Field>
        <Button look="filled" type="submit" busy={isSubmitting} className="mt-1 lg:h-9">
          {isSubmitting ? "Signing in" : "Sign in"}
        </Button>
        <p className="text-xs text-ink-3">
          Forgot the password? Whoever runs this installation can make a reset link for you.
        </p>
      </form>
    </Entrance>
  );
}
