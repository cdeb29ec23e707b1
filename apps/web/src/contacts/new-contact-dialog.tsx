import { useForm } from "react-hook-form";
import { FormError, showRefusal } from "@/ui/form-error.tsx";
import { paths } from "@/paths.ts";
import { useGo } from "@/shell/go.tsx";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Field } from "@/ui/field.tsx";
import { Input } from "@/ui/input.tsx";
import { toast } from "@/ui/toast.ts";

export function NewContactDialog({ onClose }: { onClose: () => void }) {
  const utils = trpc.useUtils();
  const go = useGo();
  const create = trpc.contacts.create.useMutation();
  const form = useForm({ defaultValues: { name: "", phoneNumber: "", email: "", company: "", tags: "" } });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async (values) => {
    try {
      const contact = await create.mutateAsync({
        phoneNumber: values.phoneNumber,
        name: values.name.trim() || null,
        email: values.email.trim() || null,
        company: values.company.trim() || null,
        tags: values.tags
          .split(",")
          .map((tag) => tag.trim())
          .filter(Boolean),
      });
      void utils.contacts.invalidate();
      toast.done(`${contact.name ?? contact.phoneNumber} added`);
      onClose();
      go(paths.contact(contact.id));
    } catch (thrown) {
      showRefusal(thrown, form.setError, ["name", "phoneNumber", "email", "company", "tags"]);
    }
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Add a contact"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="filled" type="submit" form="new-contact" busy={isSubmitting}>
            Add contact
          </Button>
        </>
      }
    >
      <form
        id="new-contact"
        onSubmit={(event) => void submit(event)}
        className="flex flex-col gap-4"
        noValidate
      >
        <FormError>{errors.root?.message}</FormError>
        <Field
          label="Phone"
          help="With country code, or as written in your own country."
          error={errors.phoneNumber?.message}
        >
          <Input
            inputMode="tel"
            mono
            autoFocus
            {...form.register("phoneNumber", { required: "Write the number to call" })}
          />
        </Field>
        <Field label="Name" optional error={errors.name?.message}>
          <Input {...form.register("name")} />
        </Field>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="E-mail" optional error={errors.email?.message}>
            <Input type="email" {...form.register("email")} />
          </Field>
          <Field label="Company" optional error={errors.company?.message}>
            <Input {...form.register("company")} />
          </Field>
        </div>
        <Field label="Tags" optional help="Separated by commas." error={errors.tags?.message}>
          <Input {...form.register("tags")} />
        </Field>
      </form>
    </Dialog>
  );
}
