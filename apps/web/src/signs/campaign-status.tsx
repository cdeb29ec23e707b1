import type { CampaignStatus } from "@parley/core/campaigns/status";
import { campaignSigns } from "@parley/core/campaigns/words";
import type { Tone } from "@/ui/badge.tsx";
import { Badge } from "@/ui/badge.tsx";
import { iconOf } from "./icon.ts";

/** Where a campaign stands. */
export const CampaignBadge = ({ status }: { status: CampaignStatus }) => {
  const { word, icon, tone } = campaignSigns[status];
  return (
    <Badge tone={tone === "strong" ? "plain" : (tone satisfies Tone)} icon={iconOf(icon)}>
      {word}
    </Badge>
  );
};
