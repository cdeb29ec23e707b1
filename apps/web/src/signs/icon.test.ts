import { callSigns } from "@parley/core/calls/words";
import { campaignSigns, itemSigns } from "@parley/core/campaigns/words";
import { temperatureSigns } from "@parley/core/leads/words";
import { Circle } from "lucide-react";
import { expect, test } from "vitest";
import { iconOf } from "./icon.ts";

test("every icon that core names is drawn, not replaced by a circle", () => {
  const signs = [callSigns, campaignSigns, itemSigns, temperatureSigns].flatMap((all) => Object.values(all));
  const missing = signs.filter((sign) => sign.icon !== "circle" && iconOf(sign.icon) === Circle);
  expect(missing).toEqual([]);
});
