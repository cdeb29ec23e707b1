/** The receipt of a call, made when it was claimed, as lines that can be read. Unknown keys are told by their name. */

const names: Record<string, string> = {
  window: "Inside hours",
  consent: "Consent",
  suppression: "Not suppressed",
  suppressed: "Not suppressed",
  ruleSet: "Rule set",
  ruleVersion: "Rules, version",
  rulesVersion: "Rules, version",
  zones: "Time zones",
  zoneSet: "Time zones",
  dialsInPeriod: "Dials in the period",
  answeredInPeriod: "Conversations in the period",
  frequencyCap: "Frequency cap",
  disclosure: "Says that it is automated",
  checkedAt: "Checked",
};

const words = (key: string): string => {
  const spaced = key
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
};

function told(value: unknown): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (value === true) return "yes";
  if (value === false) return "no";
  if (Array.isArray(value)) return value.map(String).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([key, inner]) => `${words(key).toLowerCase()} ${told(inner) ?? "–"}`)
      .join(", ");
  }
  return String(value);
}

export function receiptLines(receipt: Record<string, unknown>): { name: string; detail: string }[] {
  return Object.entries(receipt).flatMap(([key, value]) => {
    const detail = told(value);
    return detail === null ? [] : [{ name: names[key] ?? words(key), detail }];
  });
}
