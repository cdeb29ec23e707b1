import { useForm } from "react-hook-form";
import { useMe } from "@/shell/me.ts";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Field } from "@/ui/field.tsx";
import { Input } from "@/ui/input.tsx";
import { Fact, Facts, Section } from "@/ui/section.tsx";
import { toast } from "@/ui/toast.ts";
import { FormError, showRefusal } from "@/ui/form-error.tsx";

/** The signed-in person: who they are, and their password. */
export function AccountSection() {
  const me = useMe();
  const change = trpc.auth.changePassword.useMutation();
  const form = useForm({ defaultValues: { currentPassword: "", newPassword: "" } });
  const { errors, isSubmitting } = form.formState;
  const save = form.handleSubmit(async (values) => {
    try {
      await change.mutateAsync(values);
      form.reset();
      toast.done("Password changed. Other browsers were signed out.");
    } catch (thrown) {
      showRefusal(thrown, form.setError, ["currentPassword", "newPassword"]);
    }
  });
  return (
    <div className="max-w-[720px]">
      <Facts className="border-b border-line">
        <Fact name="Name">{me.person.name}</Fact>
        <Fact name="E-mail">{me.person.email}</Fact>
        <Fact name="Workspaces">
          {me.memberships.map(({ company, role }) => `${company} (${role})`).join(", ")}
        </Fact>
        {me.person.isPlatformAdmin && <Fact name="Operator">You run this installation.</Fact>}
      </Facts>
      <Section title="Password">
        <form
          onSubmit={(event) => void save(event)}
          className="flex max-w-[360px] flex-col gap-4 px-4 pb-4 pt-1 lg:px-5"
          noValidate
        >
          <FormError>{errors.root?.message}</FormError>
          <Field label="Present password" error={errors.currentPassword?.message}>
            <Input
              type="password"
              autoComplete="current-password"
              {...form.register("currentPassword", { required: "Write your present password" })}
            />
          </Field>
          <Field label="New password" help="At least 10 characters." error={errors.newPassword?.message}>
            <Input
              type="password"
              autoComplete="new-password"
              {...form.register("newPassword", {
                required: "Choose a password of at least 10 characters",
                minLength: { value: 10, message: "Choose at least 10 characters" },
              })}
            />
          </Field>
          <Button look="filled" type="submit" busy={isSubmitting} className="self-start">
            Change the password
          </Button>
        </form>
      </Section>
    </div>
  );
}
