import { exactly, zoneCity } from "@/ui/format.ts";

/** The receipt of a call: which rules let it through when it was claimed. */
type Receipt = Record<string, unknown>;

const text = (value: unknown): string | null =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : null;

/** Zones stand in a receipt as their lane has them: `Asia/Dubai,Asia/Kolkata`. */
const list = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.map(String)
    : typeof value === "string" && value !== ""
      ? value.split(",")
      : [];

const bases: Record<string, string> = {
  express: "express",
  written: "in writing",
  existing: "existing customer",
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
  if (Array.isArray(value)) return value.map(String).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([key, inner]) => `${words(key).toLowerCase()} ${told(inner) ?? "–"}`)
      .join(", ");
  }
  const plain = String(value);
  return /^\d{4}-\d\d-\d\dT/.test(plain) ? exactly(plain) : plain;
}

const known = new Set([
  "zones",
  "openUntil",
  "ruleSet",
  "ruleCountry",
  "ruleVersion",
  "consent",
  "agentVersion",
  "checkedAt",
  "consentBasis",
  "consentSource",
  "consentId",
  "disclosure",
  "providerAgentId",
]);

/** The receipt as lines to be read. What it holds beyond what we have words for is told by its own name. */
export function receiptLines(receipt: Receipt): { name: string; detail: string }[] {
  const zones = list(receipt["zones"]).map(zoneCity);
  const open = text(receipt["openUntil"]);
  const rules = text(receipt["ruleSet"]);
  const country = text(receipt["ruleCountry"]);
  const version = text(receipt["ruleVersion"]);
  const consent = text(receipt["consent"]);
  const agent = text(receipt["agentVersion"]);
  const basis = text(receipt["consentBasis"]);
  const source = text(receipt["consentSource"]);
  const lines: { name: string; detail: string | null }[] = [
    {
      name: "Inside hours",
      detail:
        zones.length > 0 || open
          ? [zones.join(" or "), open && `open until ${exactly(open)}`].filter(Boolean).join(", ")
          : null,
    },
    {
      name: "Consent",
      detail:
        consent === null && rules === null
          ? null
          : consent && consent !== "none"
            ? (bases[consent] ?? consent)
            : rules === "rehearsal"
              ? "not asked for in a rehearsal"
              : "not required there",
    },
    {
      name: "Consent on record",
      detail: basis ? [bases[basis] ?? basis, source].filter(Boolean).join(", ") : null,
    },
    {
      name: "Rules",
      detail: rules
        ? [
            rules.replaceAll("-", " "),
            country && country !== "**" ? country : null,
            version && `version ${version}`,
          ]
            .filter(Boolean)
            .join(", ")
        : null,
    },
    { name: "Agent", detail: agent ? `version ${agent}` : null },
    { name: "Told people", detail: text(receipt["disclosure"]) },
    ...Object.entries(receipt)
      .filter(([key]) => !known.has(key))
      .map(([key, value]) => ({ name: words(key), detail: told(value) })),
  ];
  return lines.flatMap(({ name, detail }) => (detail ? [{ name, detail }] : []));
}
