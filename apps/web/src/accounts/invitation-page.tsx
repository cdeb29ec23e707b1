import { useNavigate, useParams } from "@tanstack/react-router";
import { useForm } from "react-hook-form";
import { paths } from "@/paths.ts";
import { queryClient, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Field } from "@/ui/field.tsx";
import { Input } from "@/ui/input.tsx";
import { Entrance } from "./entrance.tsx";
import { FormError, showRefusal } from "@/ui/form-error.tsx";

/** An invitation opened: somebody known proves who they are, somebody new chooses a password. */
export function InvitationPage() {
  const { token } = useParams({ from: "/invitation/$token" });
  const navigate = useNavigate();
  const [invitation] = trpc.auth.invitation.useSuspenseQuery({ token });
  const accept = trpc.auth.acceptInvitation.useMutation();
  const form = useForm({ defaultValues: { email: invitation.email ?? "", name: "", password: "" } });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async ({ email, name, password }) => {
    try {
      await accept.mutateAsync({
        token,
        password,
        ...(invitation.email ? {} : { email }),
        ...(invitation.knownPerson || !name.trim() ? {} : { name }),
      });
      queryClient.clear();
      await navigate(paths.home());
    } catch (thrown) {
      showRefusal(thrown, form.setError, ["email", "name", "password"]);
    }
  });
  return (
    <Entrance title={`Join ${invitation.company}`} lead={`You are invited as ${invitation.role}.`}>
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4" noValidate>
        <FormError>{errors.root?.message}</FormError>
        <Field
          label="E-mail"
          error={errors.email?.message}
          help={invitation.email ? "The invitation is for this address." : undefined}
        >
          <Input
            type="email"
            autoComplete="username"
            readOnly={Boolean(invitation.email)}
            {...form.register("email", { required: "Write your e-mail address" })}
          />
        </Field>
        {!invitation.knownPerson && (
          <Field label="Your name" error={errors.name?.message}>
            <Input autoComplete="name" {...form.register("name")} />
          </Field>
        )}
        <Field
          label="Password"
          error={errors.password?.message}
          help={
            invitation.knownPerson
              ? "The one you sign in with here already."
              : "At least 10 characters. If you have an account here, its password."
          }
        >
          <Input
            type="password"
            autoComplete={invitation.knownPerson ? "current-password" : "new-password"}
            {...form.register("password", { required: "Write a password" })}
          />
        </Field>
        <Button look="filled" type="submit" busy={isSubmitting} className="mt-1 lg:h-9">
          {isSubmitting ? "Joining" : `Join ${invitation.company}`}
        </Button>
      </form>
    </Entrance>
  );
}
