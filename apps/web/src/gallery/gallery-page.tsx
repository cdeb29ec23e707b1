import { callStatuses } from "@parley/core/calls/lifecycle";
import { campaignStatuses, itemStatuses } from "@parley/core/campaigns/status";
import { temperatures } from "@parley/core/leads/grade";
import { Copy, Pause, Play, Plus, Square } from "lucide-react";
import { useState } from "react";
import type { ReactNode } from "react";
import { MoneyBar } from "@/calls/money-bar.tsx";
import { StageRail } from "@/calls/stage-rail.tsx";
import { Waveform } from "@/calls/waveform.tsx";
import { Funnel } from "@/charts/funnel.tsx";
import { HeatMap } from "@/charts/heat-map.tsx";
import { LimitChart } from "@/charts/limit-chart.tsx";
import { OutcomeChart } from "@/charts/outcome-chart.tsx";
import { Sparkline } from "@/charts/sparkline.tsx";
import { toggleTheme } from "@/shell/appearance.ts";
import { CallStatus } from "@/signs/call-status.tsx";
import { CampaignBadge } from "@/signs/campaign-status.tsx";
import { ItemStatusWord } from "@/signs/item-status.tsx";
import { AttemptDots, outcomes, OutcomeWord } from "@/signs/outcome.tsx";
import { Level, Score, TemperatureBadge } from "@/signs/temperature.tsx";
import { Badge, Chip } from "@/ui/badge.tsx";
import { Bar } from "@/ui/bar.tsx";
import { Button } from "@/ui/button.tsx";
import { Checkbox, Segmented, Switch } from "@/ui/choice.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { DangerDialog, Drawer } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Field } from "@/ui/field.tsx";
import { Input, InputWithUnit, SearchInput, Select, Textarea } from "@/ui/input.tsx";
import { Kbd } from "@/ui/kbd.tsx";
import { KeyFigure, KeyFigures } from "@/ui/key-figures.tsx";
import { Menu } from "@/ui/popover.tsx";
import { BecauseStrip, Fact, Facts, None, Section } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Ago, Time } from "@/ui/time.tsx";
import Toasts from "@/ui/toast-region.tsx";
import { toast } from "@/ui/toast.ts";
import { Tooltip } from "@/ui/tooltip.tsx";

const now = Date.now();
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
const tones = ["plain", "accent", "ok", "warn", "bad", "odd"] as const;
const looks = ["plain", "filled", "ghost", "danger", "link"] as const;

const Row = ({ children }: { children: ReactNode }) => (
  <div className="flex flex-wrap items-center gap-3 px-4 pb-4 lg:px-5">{children}</div>
);

/** Every part in every state on one page, for looking at. It is not in the production build. */
export function GalleryPage() {
  const [on, setOn] = useState(true);
  const [speed, setSpeed] = useState("1");
  const [words, setWords] = useState("NMC");
  const [asking, setAsking] = useState(false);
  const [drawer, setDrawer] = useState(false);
  return (
    <main id="main" className="mx-auto min-h-dvh max-w-[1180px] divide-y divide-line bg-surface">
      <title>Gallery · Parley</title>
      <div className="flex items-center gap-3 px-5 py-4">
        <h1 className="grow text-2xl font-semibold">Gallery</h1>
        <Button onClick={toggleTheme}>Light or dark</Button>
      </div>
      <Section title="Buttons">
        {looks.map((look) => (
          <Row key={look}>
            <Button look={look}>Pause</Button>
            <Button look={look} icon={Pause}>
              Pause
            </Button>
            <Button look={look} disabledReason="The campaign is paused already.">
              Pause
            </Button>
            <Button look={look} busy>
              Pausing
            </Button>
          </Row>
        ))}
      </Section>
      <Section title="Fields">
        <div className="grid gap-4 px-5 pb-5 sm:grid-cols-3">
          <Field label="Name" help="As you will find it in lists.">
            <Input defaultValue="Nurses UK" />
          </Field>
          <Field label="Phone" error="Write the number with its country code.">
            <Input mono defaultValue="98460" />
          </Field>
          <Field label="Budget" optional>
            <InputWithUnit after="credits" placeholder="none" />
          </Field>
          <Field label="Agent">
            <Select>
              <option>Asha, en</option>
            </Select>
          </Field>
          <Field label="Notes">
            <Textarea rows={2} defaultValue="Prefers mornings." />
          </Field>
          <SearchInput label="Find" value={words} onValue={setWords} className="self-end" />
        </div>
        <Row>
          <Checkbox label="Ticked" checked={on} onChecked={setOn} />
          <Checkbox label="Part of it" checked="some" onChecked={() => {}} />
          <Checkbox label="Fixed" checked disabled onChecked={() => {}} />
          <Switch label="Dialling on" checked={on} onChecked={setOn} />
          <Segmented
            label="Speed"
            value={speed}
            onValue={setSpeed}
            options={["1", "1.5", "2"].map((value) => ({ value, label: `${value}×` }))}
          />
          <Kbd>⌘K</Kbd>
          <CopyButton value="copied" label="Copy" />
        </Row>
      </Section>
      <Section title="Layers">
        <Row>
          <Tooltip words="What it does, in a few words">
            <Button>Point at me</Button>
          </Tooltip>
          <Menu
            trigger={<Button>Menu</Button>}
            entries={[
              { heading: "Campaign" },
              {
                label: "Pause",
                icon: Pause,
                keys: "p",
                onSelect: () => toast.done("Paused", { undo: () => {} }),
              },
              {
                label: "Resume",
                icon: Play,
                disabledReason: "The campaign is running already.",
                onSelect: () => {},
              },
              "rule",
              { label: "Stop", icon: Square, danger: true, onSelect: () => setAsking(true) },
            ]}
          />
          <Button look="danger" onClick={() => setAsking(true)}>
            Danger
          </Button>
          <Button onClick={() => setDrawer(true)}>Drawer</Button>
          <Button onClick={() => toast.error("The provider refused the call. Nothing was charged.")}>
            Error toast
          </Button>
        </Row>
      </Section>
      <Section title="Signs">
        <Row>
          {outcomes.map((outcome) => (
            <OutcomeWord key={outcome} outcome={outcome} />
          ))}
        </Row>
        <Row>
          {callStatuses.map((status) => (
            <CallStatus key={status} status={status} />
          ))}
        </Row>
        <Row>
          {campaignStatuses.map((status) => (
            <CampaignBadge key={status} status={status} />
          ))}
          {itemStatuses.map((status) => (
            <ItemStatusWord key={status} status={status} />
          ))}
        </Row>
        <Row>
          <AttemptDots made={["no_answer", "busy"]} left={1} />
          <AttemptDots made={["voicemail"]} left={1} onThePhone />
          {temperatures.map((temperature) => (
            <TemperatureBadge key={temperature} temperature={temperature} />
          ))}
          <Score score={13} temperature="hot" />
          <Level level="medium" name="Urgency" />
          {tones.map((tone) => (
            <Badge key={tone} tone={tone}>
              {tone}
            </Badge>
          ))}
          <Chip>september-batch</Chip>
          <Chip onRemove={() => {}} removeLabel="Remove the tag">
            icu
          </Chip>
          <Time at={ago(90_000)} zone="Asia/Manila" />
          <Ago at={ago(250)} />
          <None />
        </Row>
      </Section>
      <KeyFigures label="Figures" count={4}>
        <KeyFigure label="Lines in use" figure="8" unit="of 8" note="7 calls, 1 unknown" />
        <KeyFigure
          label="Answered"
          figure="41%"
          note="621 of 1,517"
          drawing={<Sparkline values={[3, 5, 4, 6, 7]} />}
        />
        <KeyFigure
          label="Finished"
          figure="2,216"
          unit="of 4,596 people"
          note="2,374 waiting"
          progress={[
            { label: "done", value: 48, fill: "bg-o-answered" },
            { label: "left", value: 52, fill: "bg-line-2" },
          ]}
        />
        <KeyFigure label="Runway" figure="–" note="no calls yet" />
      </KeyFigures>
      <BecauseStrip
        cause="All lines of this workspace are in use: 8 of 8."
        levers={<Button look="link">Edit limits</Button>}
      >
        Wait for a call to end.
      </BecauseStrip>
      <Funnel
        steps={[
          { label: "On the list", value: 4812 },
          { label: "Eligible", value: 4596 },
          { label: "Finished", value: 2216 },
          { label: "Reached", value: 1894, spoken: true },
        ]}
      />
      <OutcomeChart
        title="Calls finished"
        step="hour"
        empty="No call has ended"
        buckets={Array.from({ length: 24 }, (_, hour) => ({
          at: ago((24 - hour) * 3600),
          closed: hour > 5 && hour < 14,
          counts:
            hour > 5 && hour < 14
              ? {}
              : {
                  answered: 40 + hour,
                  voicemail: 12,
                  busy: 8,
                  no_answer: 44,
                  failed: 3,
                  unclear: hour === 23 ? 1 : 0,
                },
        }))}
      />
      <OutcomeChart
        title="Nothing yet"
        step="hour"
        empty="No call has ended in the last 24 hours"
        buckets={[]}
      />
      <LimitChart
        title="Lines in use"
        empty="Nobody has called"
        limit={{ value: 8, label: "your limit 8" }}
        ceiling={{ value: 10, label: "provider allows 10" }}
        samples={Array.from({ length: 60 }, (_, minute) => ({
          at: ago((60 - minute) * 60),
          used: minute > 28 ? 8 : 5 + (minute % 3),
          unknown: minute > 52 ? 1 : 0,
        }))}
      />
      <HeatMap
        title="Windows by callee zone"
        finding="Manila is open, London opens in an hour"
        columns={Array.from({ length: 32 }, (_, half) =>
          half % 6 === 0 ? String(7 + half / 2).padStart(2, "0") : "",
        )}
        nowAt={15}
        low={0.28}
        high={0.53}
        format={(value) => `${Math.round(value * 100)}%`}
        rows={[
          {
            name: "Manila",
            note: "17:02 now",
            cells: Array.from({ length: 32 }, (_, half) => (half < 17 ? 0.3 + (half % 7) / 32 : "closed")),
            right: "227 waiting",
            rightNote: "closes in 58 min",
          },
          {
            name: "London",
            note: "10:02 now",
            cells: Array.from({ length: 32 }, (_, half) => (half < 13 ? "closed" : "open")),
            right: "316 waiting",
            rightNote: "opens in 1 h",
            warn: true,
          },
        ]}
      />
      <StageRail
        stages={[
          { status: "initiated", at: ago(180) },
          { status: "ringing", at: ago(177) },
          { status: "in-progress", at: ago(165) },
          { status: "call-disconnected", at: ago(11) },
          { status: "completed", at: null },
        ]}
      />
      <div className="px-5 py-4">
        <Waveform
          peaks={{
            levels: Array.from({ length: 300 }, (_, at) => Math.abs(Math.sin(at / 4) * Math.cos(at / 17))),
            seconds: 154,
          }}
          turns={[
            { speaker: "agent", text: "Hello", from: 0, to: 60 },
            { speaker: "person", text: "Yes", from: 60, to: 154 },
          ]}
          at={70}
          seconds={154}
          agentName="Asha"
          personName="Anjali"
          pins={[{ at: 90, label: "Intent high" }]}
          onSeek={() => {}}
        />
      </div>
      <Section title="Money">
        <MoneyBar held={50} settled={26} waived={0} talkSeconds={154} />
        <MoneyBar held={50} settled={null} waived={0} talkSeconds={null} />
      </Section>
      <Section title="Facts">
        <Facts>
          <Fact name="Phone" aside={<CopyButton value="+91 9846000731" label="Copy the number" />}>
            <span className="mono">+91 9846000731</span>
          </Fact>
          <Fact name="E-mail">
            <None />
          </Fact>
        </Facts>
        <div className="px-5 py-3">
          <Bar
            label="Half of it"
            parts={[
              { label: "taken", value: 1, fill: "bg-ink-2" },
              { label: "held", value: 1, fill: "bg-warn", hatched: true },
            ]}
          />
        </div>
      </Section>
      <SkeletonRows rows={3} />
      <EmptyState
        title="No campaigns yet"
        action={
          <Button look="filled" icon={Plus}>
            New campaign
          </Button>
        }
        sandbox={
          <Button look="link" icon={Copy}>
            Or try one call first
          </Button>
        }
      >
        <p>A campaign calls everyone on a list with one agent, inside the hours you allow.</p>
      </EmptyState>
      <DangerDialog
        open={asking}
        onOpenChange={setAsking}
        title="Stop for good"
        action="Stop 1,842 waiting"
        typed="Nurses UK"
        onConfirm={() => setAsking(false)}
      >
        <p>Stops 1,842 people still waiting. 7 calls in progress will finish.</p>
      </DangerDialog>
      <Drawer open={drawer} onOpenChange={setDrawer} title="Why is it so?">
        <SkeletonRows rows={6} columns={2} />
      </Drawer>
      <Toasts />
    </main>
  );
}
