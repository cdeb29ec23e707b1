import { Command } from "cmdk";
import type { LucideIcon } from "lucide-react";
import { FileUp, MoonStar, OctagonPause, PhoneOutgoing, Plus, Search, UserRound } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import { useDeferredValue, useState } from "react";
import type { ReactNode } from "react";
import type { Place } from "@/paths.ts";
import { paths } from "@/paths.ts";
import { trpc } from "@/trpc.ts";
import { Kbd } from "@/ui/kbd.tsx";
import { toggleTheme } from "./appearance.ts";
import { useGo } from "./go.tsx";
import { useMe, useRefused } from "./me.ts";
import { destinations, settings } from "./navigation.ts";

/** Everything by name: places, people, campaigns, and what can be done from anywhere. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const [words, setWords] = useState("");
  const search = useDeferredValue(words.trim());
  const me = useMe();
  const visit = useGo();
  const noCampaign = useRefused("campaigns.create");
  const noImport = useRefused("imports.commit");
  const noAgent = useRefused("agents.create");

  const asking = search.length >= 2;
  const people = trpc.contacts.list.useQuery({ search, limit: 6 }, { enabled: asking });
  const campaigns = trpc.campaigns.list.useQuery({ search, limit: 5 }, { enabled: asking });

  const go = (place: Place) => {
    onClose();
    visit(place);
  };
  const run = (act: () => void) => {
    onClose();
    act();
  };

  return (
    <Primitive.Root open onOpenChange={(open) => !open && onClose()}>
      <Primitive.Portal>
        <Primitive.Overlay className="enter-fade fixed inset-0 z-40 bg-[oklch(0.2_0.02_264/0.2)] dark:bg-[oklch(0.08_0.02_264/0.5)]" />
        <Primitive.Content
          aria-describedby={undefined}
          className="enter-pop fixed left-1/2 top-[18dvh] z-50 w-[calc(100vw-24px)] max-w-[640px] -translate-x-1/2 overflow-hidden rounded-lg bg-raised text-sm shadow-pop outline-none"
        >
          <Primitive.Title className="sr-only">Search or run</Primitive.Title>
          <Command label="Search or run" loop>
            <div className="flex h-12 items-center gap-2.5 border-b border-line px-4">
              <Search className="size-4 text-ink-3" strokeWidth={1.75} aria-hidden />
              <Command.Input
                value={words}
                onValueChange={setWords}
                placeholder="A page, a person, a campaign, an action"
                className="h-full grow bg-transparent text-md outline-none"
              />
              <Kbd>esc</Kbd>
            </div>
            <Command.List className="max-h-[52dvh] overflow-y-auto p-1 [&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pb-0.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-ink-3">
              <Command.Empty className="px-3 py-6 text-ink-2">
                Nothing is called “{words}”. Try part of a name or a number.
              </Command.Empty>
              {people.data && people.data.items.length > 0 && asking && (
                <Command.Group heading="Contacts">
                  {people.data.items.map((contact) => (
                    <Row
                      key={contact.id}
                      value={`contact ${contact.id}`}
                      keywords={[search]}
                      icon={UserRound}
                      onSelect={() => go(paths.contact(contact.id))}
                      hint={<span className="mono text-ink-3">{contact.phoneNumber}</span>}
                    >
                      {contact.name ?? contact.phoneNumber}
                      {contact.company && <span className="text-ink-3"> {contact.company}</span>}
                    </Row>
                  ))}
                </Command.Group>
              )}
              {campaigns.data && campaigns.data.items.length > 0 && asking && (
                <Command.Group heading="Campaigns">
                  {campaigns.data.items.map((campaign) => (
                    <Row
                      key={campaign.id}
                      value={`campaign ${campaign.id}`}
                      keywords={[search]}
                      icon={destinations[2]?.icon ?? Search}
                      onSelect={() => go(paths.campaign(campaign.id))}
                      hint={<span className="text-ink-3">{campaign.status}</span>}
                    >
                      {campaign.name}
                    </Row>
                  ))}
                </Command.Group>
              )}
              <Command.Group heading="Go to">
                {[...destinations, settings]
                  .filter((destination) => !destination.platformOnly || me.person.isPlatformAdmin)
                  .map((destination) => (
                    <Row
                      key={destination.label}
                      icon={destination.icon}
                      onSelect={() => go(destination.link)}
                      hint={<Keys keys={destination.keys} />}
                    >
                      {destination.label}
                    </Row>
                  ))}
              </Command.Group>
              <Command.Group heading="Run">
                <Row icon={Plus} refused={noCampaign} onSelect={() => go(paths.newCampaign())}>
                  New campaign
                </Row>
                <Row icon={FileUp} refused={noImport} onSelect={() => go(paths.imports())}>
                  Import contacts from a file
                </Row>
                <Row icon={PhoneOutgoing} refused={noAgent} onSelect={() => go(paths.newAgent())}>
                  New agent
                </Row>
                <Row icon={OctagonPause} onSelect={() => go(paths.home())}>
                  Pause all dialling
                </Row>
                <Row icon={MoonStar} onSelect={() => run(toggleTheme)}>
                  Switch between light and dark
                </Row>
              </Command.Group>
            </Command.List>
          </Command>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

const Keys = ({ keys }: { keys: string }) => (
  <span className="flex gap-1">
    {keys.split(" ").map((key) => (
      <Kbd key={key}>{key}</Kbd>
    ))}
  </span>
);

function Row({
  icon: Icon,
  children,
  hint,
  onSelect,
  refused = null,
  ...rest
}: {
  icon: LucideIcon;
  children: ReactNode;
  hint?: ReactNode;
  onSelect: () => void;
  refused?: string | null;
  value?: string;
  keywords?: string[];
}) {
  return (
    <Command.Item
      {...rest}
      disabled={refused !== null}
      onSelect={onSelect}
      className="flex min-h-9 cursor-pointer items-center gap-2.5 rounded-md px-3 data-[disabled=true]:cursor-not-allowed data-[disabled=true]:text-ink-3 data-[selected=true]:bg-selected lg:min-h-8"
    >
      <Icon className="size-4 shrink-0 text-ink-3" strokeWidth={1.75} aria-hidden />
      <span className="min-w-0 grow truncate">{children}</span>
      {refused !== null ? <span className="truncate text-xs text-ink-3">{refused}</span> : hint}
    </Command.Item>
  );
}
