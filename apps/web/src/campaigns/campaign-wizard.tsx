import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { ReactNode } from "react";
import { FormError } from "@/ui/form-error.tsx";
import { campaignCan } from "@parley/core/campaigns/can";
import { paths } from "@/paths.ts";
import { useRefused, useWorkspace } from "@/shell/me.ts";
import { Page } from "@/shell/page.tsx";
import { CampaignBadge } from "@/signs/campaign-status.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { DangerDialog } from "@/ui/dialog.tsx";
import { clockTime, count, plural } from "@/ui/format.ts";
import type { Campaign } from "./campaign.ts";
import { AgentStep, AudienceStep, RulesStep } from "./draft-steps.tsx";
import { audienceOf, createInput, emptyDraft, formOf, problemsOf, updateInput } from "./draft.ts";
import type { DraftForm } from "./draft.ts";
import { pickedContacts } from "@/table/picked.ts";
import { PreflightPane } from "./preflight-pane.tsx";
import { PreviewPane } from "./preview-pane.tsx";
import { forgetUnsaved, keepUnsaved, unsavedDraft } from "./unsaved-draft.ts";
import { StepLinks } from "./step-links.tsx";
import { useCampaignActs } from "./use-campaign-acts.ts";

/** A new campaign: as soon as it has name, list and agent it becomes a draft and is checked. */
export function NewCampaignPage() {
  const search = useSearch({ from: "/shell/campaigns/new" });
  const navigate = useNavigate();
  const workspace = useWorkspace();
  const refused = useRefused("campaigns.create");
  const key = useRef(crypto.randomUUID());
  const create = trpc.campaigns.create.useMutation({ trpc: { context: { idempotencyKey: key.current } } });
  const [form, setForm] = useState<DraftForm>(() => {
    const picked = search.ids ? pickedContacts() : [];
    return {
      ...(unsavedDraft(workspace.id) ?? emptyDraft),
      ...(search.importId ? { audience: "import", importId: search.importId } : {}),
      ...(search.tag ? { audience: "tag", tag: search.tag } : {}),
      ...(picked.length > 0 ? { audience: "picked", picked } : {}),
    };
  });
  useEffect(() => keepUnsaved(workspace.id, form), [workspace.id, form]);
  const [asked, setAsked] = useState(false);
  const problems = problemsOf(form);
  const audience = audienceOf(form);
  const missing = Object.values(problems)[0] ?? null;

  const save = async () => {
    setAsked(true);
    if (missing || !audience) return;
    try {
      const campaign = await create.mutateAsync(createInput(form, audience));
      forgetUnsaved(workspace.id);
      await navigate({ ...paths.editCampaign(campaign.id), replace: true });
    } catch {
      key.current = crypto.randomUUID(); // told below the form
    }
  };

  return (
    <Page
      fixed
      crumbs={[{ label: "Campaigns", link: paths.campaigns() }, { label: "New" }]}
      title="New campaign"
      actions={<StepLinks checked={false} />}
      footer={
        <>
          <Button
            look="ghost"
            onClick={() => {
              forgetUnsaved(workspace.id);
              void navigate(paths.campaigns());
            }}
          >
            Cancel
          </Button>
          <span className="ml-auto flex flex-wrap items-center justify-end gap-x-3 gap-y-1">
            {missing && <span className="text-xs text-ink-3">{missing}</span>}
            <Button
              look="filled"
              busy={create.isPending}
              disabledReason={refused ?? missing}
              onClick={() => void save()}
            >
              Save the draft and check it
            </Button>
          </span>
        </>
      }
    >
      <Split
        form={
          <DraftFields
            form={form}
            onForm={setForm}
            problems={asked ? problems : {}}
            error={create.error ? refusal(create.error).message : null}
            audienceFixed={null}
          />
        }
        pane={<PreviewPane form={form} />}
      />
    </Page>
  );
}

/** A draft, or a paused campaign's rules: saved as one types, checked again after each save. */
export function EditCampaignPage() {
  const { campaignId } = useParams({ from: "/shell/campaigns/$campaignId/edit" });
  const [campaign] = trpc.campaigns.get.useSuspenseQuery({ campaignId });
  return <EditCampaign key={campaign.id} campaign={campaign} />;
}

function EditCampaign({ campaign }: { campaign: Campaign }) {
  const navigate = useNavigate();
  const utils = trpc.useUtils();
  const acts = useCampaignActs();
  const [form, setForm] = useState(() => formOf(campaign));
  const [savedAt, setSavedAt] = useState<number | null>(null);
  const [starting, setStarting] = useState(false);
  const settings = trpc.settings.get.useQuery({});
  const update = trpc.campaigns.update.useMutation({
    onSuccess: () => {
      setSavedAt(Date.now());
      void utils.campaigns.invalidate();
    },
  });
  const can = campaignCan.update(campaign.status);
  const canAudience = campaignCan.changeAudience(campaign.status);
  const refused = acts.refused.update ?? (can.ok ? null : can.reason);
  const problems = problemsOf(form);
  const missing = Object.values(problems)[0] ?? null;

  // Saved when the typing pauses, and only what is complete.
  const stored = useRef(JSON.stringify(form));
  const { mutate } = update;
  const canChangeAudience = canAudience.ok;
  useEffect(() => {
    const text = JSON.stringify(form);
    if (text === stored.current || refused || Object.keys(problemsOf(form)).length > 0) return;
    const timer = setTimeout(() => {
      stored.current = text;
      mutate(updateInput(campaign.id, form, canChangeAudience ? audienceOf(form) : null));
    }, 700);
    return () => clearTimeout(timer);
  }, [form, refused, mutate, campaign.id, canChangeAudience]);

  const preflight = trpc.campaigns.preflight.useQuery(
    { campaignId: campaign.id },
    { enabled: campaignCan.preflight(campaign.status).ok },
  );
  const blocking = preflight.data?.problems.find((problem) => problem.blocking);
  const eligible = preflight.data?.eligible ?? 0;
  const isStart = campaignCan.start(campaign.status).ok;
  const cannotStart =
    acts.refused.start ??
    missing ??
    (update.isPending ? "Being saved" : null) ??
    (preflight.data
      ? blocking
        ? `${blocking.message} ${blocking.cure}`
        : preflight.data.ready
          ? null
          : "The check found a problem"
      : "Being checked");

  return (
    <Page
      fixed
      crumbs={[
        { label: "Campaigns", link: paths.campaigns() },
        { label: campaign.name, link: paths.campaign(campaign.id) },
        { label: "Edit" },
      ]}
      title={`Edit ${campaign.name}`}
      heading={form.name || "No name yet"}
      badge={<CampaignBadge status={campaign.status} />}
      actions={<StepLinks checked={preflight.data?.ready === true} />}
      footer={
        <>
          <Button look="ghost" onClick={() => void navigate(paths.campaign(campaign.id))}>
            Close
          </Button>
          <span className="text-xs text-ink-3 max-sm:hidden" role="status">
            {update.isPending
              ? "Saving"
              : savedAt
                ? `Saved ${clockTime(savedAt)}`
                : "Saved as you go. You can close this page."}
          </span>
          <span className="ml-auto flex flex-wrap items-center justify-end gap-x-3 gap-y-1">
            {isStart && blocking && (
              <span className="max-w-72 text-xs text-warn-ink sm:truncate">{blocking.message}</span>
            )}
            {isStart && (
              <Button
                look="filled"
                busy={acts.busy}
                disabledReason={cannotStart}
                onClick={() => setStarting(true)}
              >
                {form.startsAt && new Date(form.startsAt) > new Date() ? "Schedule" : "Start"} calling{" "}
                {count(eligible)} {eligible === 1 ? "person" : "people"}
              </Button>
            )}
          </span>
        </>
      }
    >
      <Split
        form={
          <DraftFields
            form={form}
            onForm={setForm}
            problems={problems}
            error={update.error ? refusal(update.error).message : refused}
            audienceFixed={canAudience.ok ? null : canAudience.reason}
          />
        }
        pane={
          <PreflightPane
            preflight={preflight.data ?? null}
            error={preflight.error ? refusal(preflight.error).message : null}
            window={campaign.window}
          />
        }
      />
      {preflight.data && (
        <DangerDialog
          open={starting}
          look="filled"
          onOpenChange={setStarting}
          title={`Call ${plural(eligible, "person", "people")}`}
          action={`Start calling ${count(eligible)}`}
          busy={acts.busy}
          {...(settings.data && eligible > settings.data.confirmAbove ? { typed: campaign.name } : {})}
          onConfirm={() => {
            setStarting(false);
            acts.start(campaign.id);
          }}
        >
          <p>
            {plural(eligible, "person is", "people are")} called by your agent, at most {form.maxAttempts}{" "}
            times each.
            {preflight.data.audience > eligible &&
              ` ${count(preflight.data.audience - eligible)} more are skipped by a rule.`}
          </p>
          <p>
            Each call holds {plural(preflight.data.holdPerCall, "credit")} until it ends; only what was spoken
            is charged. You have {count(preflight.data.available)}.
          </p>
        </DangerDialog>
      )}
    </Page>
  );
}

const Split = ({ form, pane }: { form: ReactNode; pane: ReactNode }) => (
  <div className="grid lg:min-h-0 lg:grow lg:grid-cols-[minmax(0,1fr)_minmax(360px,480px)]">
    <div
      className="relative min-w-0 lg:min-h-0 lg:overflow-y-auto lg:border-r lg:border-line"
      tabIndex={-1}
      data-quiet-focus
    >
      {form}
    </div>
    <aside
      aria-label="What will happen"
      className="relative min-w-0 max-lg:border-t max-lg:border-line lg:min-h-0 lg:overflow-y-auto"
      tabIndex={0}
      data-inset-focus
    >
      {pane}
    </aside>
  </div>
);

function DraftFields({
  form,
  onForm,
  problems,
  error,
  audienceFixed,
}: {
  form: DraftForm;
  onForm: (form: DraftForm) => void;
  problems: ReturnType<typeof problemsOf>;
  error: string | null;
  audienceFixed: string | null;
}) {
  const set = (change: Partial<DraftForm>) => onForm({ ...form, ...change });
  return (
    <form onSubmit={(event) => event.preventDefault()} noValidate>
      {error && (
        <div className="border-b border-line px-4 py-3 lg:px-5">
          <FormError>{error}</FormError>
        </div>
      )}
      <AudienceStep form={form} set={set} problems={problems} fixed={audienceFixed} />
      <AgentStep form={form} set={set} problems={problems} />
      <RulesStep form={form} set={set} problems={problems} />
    </form>
  );
}
