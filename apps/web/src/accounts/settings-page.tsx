import { useNavigate, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { paths } from "@/paths.ts";
import type { SettingsSection } from "@/paths.ts";
import { Page } from "@/shell/page.tsx";
import { TabPanel, Tabs } from "@/ui/tabs.tsx";
import { AccountSection } from "./account-section.tsx";
import { AuditSection } from "./audit-section.tsx";
import { KeysSection } from "./keys-section.tsx";
import { RulesSection } from "./rules-section.tsx";
import { SuppressionsSection } from "./suppressions-section.tsx";
import { TeamSection } from "./team-section.tsx";
import { WebhookJournal } from "@/shell/webhook-journal.tsx";
import { WorkspaceSection } from "./workspace-section.tsx";

const sections: Record<SettingsSection, { label: string; body: () => ReactNode }> = {
  workspace: { label: "Workspace", body: () => <WorkspaceSection /> },
  rules: { label: "Calling rules", body: () => <RulesSection /> },
  team: { label: "Team", body: () => <TeamSection /> },
  keys: { label: "API keys", body: () => <KeysSection /> },
  suppressions: { label: "Do not contact", body: () => <SuppressionsSection /> },
  webhooks: { label: "Webhooks", body: () => <WebhookJournal /> },
  audit: { label: "Audit log", body: () => <AuditSection /> },
  account: { label: "You", body: () => <AccountSection /> },
};

/** Everything that is set once: each section has an address of its own. */
export function SettingsPage() {
  const { section } = useParams({ from: "/shell/settings/$section" });
  const navigate = useNavigate();
  return (
    <Page crumbs={[{ label: "Settings" }]} title="Settings">
      <Tabs
        label="Settings"
        value={section}
        onValue={(next) => void navigate(paths.settings(next))}
        tabs={Object.entries(sections).map(([value, { label }]) => ({
          value: value as SettingsSection,
          label,
        }))}
      >
        <TabPanel value={section}>{sections[section].body()}</TabPanel>
      </Tabs>
    </Page>
  );
}
