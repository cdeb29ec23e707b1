import type { Agent, AgentDraft } from "@parley/core/agents/schema";
import { defaultMaxCallSeconds, extractionKinds } from "@parley/core/agents/schema";
import { defaultDisclosure, openingWords } from "@parley/core/agents/disclosure";
import { unknownPlaceholders } from "@parley/core/agents/placeholders";
import { callHold } from "@parley/core/calls/price";
import { Plus, Trash2 } from "lucide-react";
import { useFieldArray, useForm } from "react-hook-form";
import { FormError, showRefusal } from "@/ui/form-error.tsx";
import { useWorkspace } from "@/shell/me.ts";
import { trpc } from "@/trpc.ts";
import { Button, IconButton } from "@/ui/button.tsx";
import { Field, FieldGroup } from "@/ui/field.tsx";
import { languageName, plural } from "@/ui/format.ts";
import { Input, InputWithUnit, Select, Textarea } from "@/ui/input.tsx";
import { Section } from "@/ui/section.tsx";
import { emptyField, extractionOf, fieldForm, kindWords } from "./extraction-form.ts";

const languages = [
  "en",
  "en-IN",
  "en-US",
  "en-GB",
  "hi",
  "mr",
  "es",
  "fr",
  "de",
  "it",
  "pt",
  "nl",
  "pl",
  "ar",
  "ja",
];
const fields = [
  "name",
  "prompt",
  "welcomeMessage",
  "disclosure",
  "language",
  "voice",
  "maxCallSeconds",
  "fromNumber",
  "extraction",
];

/** The first thing wrong with the fields to find out, wherever it stands among them. */
function extractionError(errors: unknown): string | null {
  if (typeof errors !== "object" || errors === null) return null;
  if ("message" in errors && typeof errors.message === "string" && errors.message) return errors.message;
  for (const [name, inner] of Object.entries(errors)) {
    if (name === "ref") continue;
    const found = extractionError(inner);
    if (found) return found;
  }
  return null;
}

const sample = (text: string) =>
  text.replaceAll(
    /\{(\w+)\}/g,
    (whole, key: string) => ({ name: "Anjali", company: "Asha Textiles" })[key] ?? whole,
  );

/** An agent being made or changed; beside it, how a call would begin and what it may cost. */
export function AgentForm({
  agent,
  refused,
  onSave,
}: {
  agent?: Agent;
  refused: string | null;
  onSave: (draft: AgentDraft) => Promise<void>;
}) {
  const workspace = useWorkspace();
  const voices = trpc.agents.voices.useQuery({}, { staleTime: 600_000 });
  const voiceNow = typeof agent?.voice["voice"] === "string" ? agent.voice["voice"] : "";
  const form = useForm({
    values: {
      name: agent?.name ?? "",
      prompt: agent?.prompt ?? "",
      welcomeMessage: agent?.welcomeMessage ?? "",
      disclosure: agent?.disclosure ?? "",
      language: agent?.language ?? "en",
      voice: voiceNow,
      maxCallSeconds: String(agent?.maxCallSeconds ?? defaultMaxCallSeconds),
      fromNumber: agent?.fromNumber ?? "",
      extraction: agent?.extraction.map(fieldForm) ?? [],
    },
  });
  const { errors, isSubmitting, isDirty } = form.formState;
  const extraction = useFieldArray({ control: form.control, name: "extraction" });
  const kinds = form.watch("extraction");
  const own = trpc.customFields.list.useQuery({}, { staleTime: 300_000 });
  const [prompt, welcome, disclosure, language, longest] = form.watch([
    "prompt",
    "welcomeMessage",
    "disclosure",
    "language",
    "maxCallSeconds",
  ]);
  const usual = defaultDisclosure(language, workspace.company);
  const chosen = voices.data?.items ?? [];
  const unfilled = own.data
    ? unknownPlaceholders(
        [prompt, welcome, disclosure].join(" "),
        own.data.items.map(({ key }) => key),
      )
    : [];

  const save = form.handleSubmit(async (values) => {
    const voice = chosen.find(({ voice: name }) => name === values.voice);
    try {
      await onSave({
        name: values.name,
        prompt: values.prompt,
        welcomeMessage: values.welcomeMessage,
        language: values.language,
        maxCallSeconds: Number(values.maxCallSeconds),
        extraction: values.extraction.map(extractionOf),
        ...(values.disclosure.trim()
          ? { disclosure: values.disclosure }
          : agent
            ? { disclosure: usual }
            : {}),
        ...(values.voice && values.voice !== voiceNow
          ? {
              voice: voice
                ? {
                    provider: voice.provider,
                    voice: voice.voice,
                    ...(voice.voiceId ? { voiceId: voice.voiceId } : {}),
                    ...(voice.model ? { model: voice.model } : {}),
                  }
                : values.voice,
            }
          : {}),
        fromNumber: values.fromNumber.trim() || null,
      });
      form.reset(values);
    } catch (thrown) {
      showRefusal(thrown, form.setError, fields);
    }
  });

  return (
    <form
      onSubmit={(event) => void save(event)}
      noValidate
      className="grid min-h-full lg:grid-cols-[minmax(0,720px)_minmax(300px,1fr)]"
    >
      <div className="flex flex-col gap-4 px-4 py-4 lg:border-r lg:border-line lg:px-5">
        <FormError>{errors.root?.message}</FormError>
        <Field label="Name" error={errors.name?.message}>
          <Input
            {...form.register("name", { required: "Name the agent" })}
            width="w-full max-w-[360px]"
            autoFocus={!agent}
          />
        </Field>
        <Field
          label="What it is to do"
          error={errors.prompt?.message}
          help="Write as you would brief a colleague. {name}, {company}, {city} and your own columns are filled in for each person."
        >
          <Textarea rows={9} {...form.register("prompt", { required: "Say what the agent is to do" })} />
        </Field>
        <Field label="First words" error={errors.welcomeMessage?.message} help="After the disclosure.">
          <Textarea
            rows={2}
            {...form.register("welcomeMessage", { required: "Write what the agent says first" })}
          />
        </Field>
        {unfilled.length > 0 && (
          <p role="status" className="text-xs text-warn-ink">
            Nothing fills {unfilled.map((name) => `{${name}}`).join(", ")}: no column of your contacts is
            called so. Check the spelling, or import a list that has it.
          </p>
        )}
        <Field
          label="Disclosure"
          optional
          error={errors.disclosure?.message}
          help={`Spoken before everything else. Left empty: “${usual}”`}
        >
          <Textarea rows={2} placeholder={usual} {...form.register("disclosure")} />
        </Field>
        <div className="grid gap-4 sm:grid-cols-3">
          <Field label="Language" error={errors.language?.message}>
            <Select {...form.register("language")}>
              {[...new Set([agent?.language ?? "en", ...languages])].map((code) => (
                <option key={code} value={code}>
                  {languageName(code)}
                </option>
              ))}
            </Select>
          </Field>
          <Field
            label="Voice"
            error={errors.voice?.message}
            help={voices.error ? "The provider did not list its voices." : undefined}
          >
            <Select {...form.register("voice")}>
              <option value="">The provider's usual voice</option>
              {[...new Set([voiceNow, ...chosen.map(({ voice }) => voice)])].filter(Boolean).map((name) => {
                const accent = chosen.find(({ voice }) => voice === name)?.accent;
                return (
                  <option key={name} value={name}>
                    {name}
                    {accent ? ` (${accent})` : ""}
                  </option>
                );
              })}
            </Select>
          </Field>
          <Field label="Longest call" error={errors.maxCallSeconds?.message}>
            <InputWithUnit after="seconds" inputMode="numeric" {...form.register("maxCallSeconds")} />
          </Field>
        </div>
        <Field
          label="Caller number"
          optional
          error={errors.fromNumber?.message}
          help="One of yours at the provider; empty lets the provider choose."
        >
          <Input mono {...form.register("fromNumber")} width="w-60" />
        </Field>
        <FieldGroup
          label="To find out in every conversation"
          help="Each becomes a column of the leads, with the words it was taken from."
        >
          <ul className="flex flex-col gap-2">
            {extraction.fields.map((field, at) => (
              <li
                key={field.id}
                className="flex flex-wrap items-start gap-2 border-t border-line pt-2 first:border-t-0 first:pt-0 sm:flex-nowrap"
              >
                <Input
                  aria-label="Name of the field"
                  placeholder="Budget"
                  width="w-full sm:w-36 sm:shrink-0"
                  {...form.register(`extraction.${at}.label`)}
                />
                <span className="flex min-w-0 grow flex-col gap-2">
                  <Input
                    aria-label="What to look for"
                    placeholder="What the person is ready to spend"
                    {...form.register(`extraction.${at}.description`)}
                  />
                  {kinds[at]?.kind === "choice" && (
                    <Input
                      aria-label="Choices, separated by commas"
                      placeholder="London, Manchester, Leeds"
                      {...form.register(`extraction.${at}.choices`)}
                    />
                  )}
                </span>
                <Select
                  aria-label="Kind"
                  className="w-28 shrink-0"
                  {...form.register(`extraction.${at}.kind`)}
                >
                  {extractionKinds.map((kind) => (
                    <option key={kind} value={kind}>
                      {kindWords[kind]}
                    </option>
                  ))}
                </Select>
                <IconButton icon={Trash2} label="Remove this field" onClick={() => extraction.remove(at)} />
              </li>
            ))}
          </ul>
          {errors.extraction && (
            <p role="alert" className="mt-1 text-xs text-bad-ink">
              {extractionError(errors.extraction)}
            </p>
          )}
          <Button
            look="link"
            size="sm"
            icon={Plus}
            className="mt-1"
            onClick={() => extraction.append(emptyField)}
          >
            Add a field
          </Button>
        </FieldGroup>
        <div>
          <Button
            look="filled"
            type="submit"
            busy={isSubmitting}
            disabledReason={refused ?? (agent && !isDirty ? "Nothing has been changed." : null)}
          >
            {agent ? "Save and send to the provider" : "Make the agent"}
          </Button>
        </div>
      </div>
      <div>
        <Section title="How a call begins">
          <p className="border-t border-line px-4 py-3 text-ink-2 lg:px-5">
            <span className="block text-xs text-ink-3">The agent says</span>
            {sample(openingWords(disclosure || usual, welcome || "…"))}
          </p>
        </Section>
        <Section title="What a call may cost">
          <p className="border-t border-line px-4 py-3 text-ink-2 lg:px-5">
            {Number(longest) > 0
              ? `${plural(callHold(Number(longest)), "credit")} are held while it runs; what was not talked goes back.`
              : "Choose the longest call to see it."}
          </p>
        </Section>
      </div>
    </form>
  );
}
