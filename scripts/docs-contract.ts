import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { permissions, routePermissions, type Access } from "@parley/core/accounts/permissions";
import { leaseSeconds } from "@parley/core/calls/lease";
import { callStatuses, isSighting, statusRank } from "@parley/core/calls/lifecycle";
import { outcomes } from "@parley/core/calls/outcome";
import { campaignCan } from "@parley/core/campaigns/can";
import { campaignStatuses, itemStatuses } from "@parley/core/campaigns/status";
import { procedures } from "@parley/core/contract";
import { errorCodes, httpStatus } from "@parley/core/errors";
import { importCan, importStatuses } from "@parley/core/imports/status";
import { jobNames, jobs } from "@parley/core/jobs";
import { topics } from "@parley/core/live/schema";
import { reasons } from "@parley/core/reasons";
import { commands } from "../apps/cli/src/commands.ts";
import { everywhere } from "../apps/cli/src/parse.ts";
import type { Options } from "../apps/cli/src/command.ts";
import { limits } from "../apps/server/src/rate-limits.ts";
import { fateOf } from "../apps/server/src/run-task.ts";
import { trpcCode } from "../apps/server/src/trpc-errors.ts";
import { repository } from "./repository.ts";

/**
 * Parts of the documents that are made from the code they speak of, so that they cannot be wrong. A page marks the
 * place with `<!-- made: name -->` and `<!-- end -->`; this script fills it in, a test compares.
 */
const parts: Record<string, () => string> = {
  procedures: proceduresPart,
  routes: () => routesPart(),
  limits: () => limitsPart(),
  errors: () => errorsPart(),
  reasons: () => reasonsPart(),
  jobs: () => jobsPart(),
  commands: () => commandsPart(),
  "call statuses": callStatusesPart,
  "campaign acts": () => actsPart(campaignCan),
  "import acts": () => actsPart(importCan),
};

export const pages = ["docs/contract.md", "docs/errors.md", "docs/lifecycle.md"];

/** A page with every marked part as the code now has it. Throws for a part that nobody makes. */
export function filledIn(text: string): string {
  return text.replaceAll(
    /(<!-- made: ([\w ]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, opening: string, name: string, ending: string) => {
      const make = parts[name];
      if (!make) throw new Error(`Nothing makes the part “${name}”. Add it to scripts/docs-contract.ts.`);
      return `${opening}\n${make()}\n\n${ending}`;
    },
  );
}

const table = (heads: string[], rows: (string | number)[][]): string =>
  [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const keyOf = ({ who, scope }: Access): string => {
  if (who === "public") return "nobody signs in for it";
  return scope === null ? "never by API key" : `key scope ${scope}`;
};

function proceduresPart(): string {
  const routers = Map.groupBy(procedures(), ({ path }) => path.split(".")[0]!);
  const named = Object.entries(names).map(
    ([name, values]) => `${name} = ${folded(values.map(quoted), " | ", 2)}`,
  );
  return [
    ["```ts", ...named, "```"],
    ...[...routers].map(([router, its]) => [
      `### ${router}`,
      "",
      "```ts",
      its
        .map(({ path, input, output }) => {
          const access: Access = permissions[path];
          return `// ${access.kind} · ${access.who} · ${keyOf(access)}\n${path}\n  ${shape(input, "input")}\n  → ${shape(output, "output")}`;
        })
        .join("\n\n"),
      "```",
    ]),
  ]
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

const routesPart = (): string =>
  table(
    ["route", "who", "API key needs"],
    Object.entries<Access>(routePermissions).map(([route, { who, scope }]) => [
      `\`${route}\``,
      who,
      `\`${scope}\``,
    ]),
  );

const limitsPart = (): string =>
  table(
    ["requests", "at most", "counted by"],
    Object.entries(limits).map(([name, { max, windowSeconds, by }]) => [
      /^[a-z]+\.|^[A-Z]+ \//.test(name) ? `\`${name}\`` : name,
      `${max} in ${windowSeconds} s`,
      by === "ip" ? "address" : "person or key",
    ]),
  );

const errorsPart = (): string =>
  table(
    ["code", "HTTP", "tRPC", "a job that throws it"],
    errorCodes.map((code) => [
      `\`${code}\``,
      httpStatus[code],
      trpcCode[code],
      fateOf[code].replace("_", " "),
    ]),
  );

const reasonsPart = (): string =>
  table(
    ["code", "what holds it", "what comes next"],
    Object.entries(reasons).map(([code, { text, next }]) => [`\`${code}\``, text, next]),
  );

const jobsPart = (): string =>
  table(
    ["task", "runner", "priority", "tries", "one job per"],
    jobNames.map((name) => {
      const { runner, priority, maxAttempts, subject } = jobs[name];
      return [`\`${name}\``, runner, priority, maxAttempts, subject === null ? "task" : `\`${subject}\``];
    }),
  );

function commandsPart(): string {
  const lines = (options: Options) =>
    Object.entries(options).map(([name, { value, help, multiple, required }]) => {
      const flag = `  --${name}${value ? ` ${value}` : ""}`;
      return `${flag.padEnd(29)} ${help}${multiple ? " (may be repeated)" : ""}${required ? " (required)" : ""}`;
    });
  const blocks = commands.map(({ name, takes = [], summary, options = {} }) =>
    [`parley ${[name, ...takes].join(" ")}`.padEnd(29) + ` ${summary}`, ...lines(options)].join("\n"),
  );
  return ["```", blocks.join("\n\n"), "", "everywhere", ...lines(everywhere), "```"].join("\n");
}

/** Leases at LEASE_SCALE 1 and the default time-out, so that the page shows what an operator sees. */
function callStatusesPart(): string {
  const terms = { leaseScale: 1, placeTimeoutSeconds: 15 };
  const lease = (status: (typeof callStatuses)[number]): string => {
    const [short, long] = [60, 300].map((maxCallSeconds) =>
      leaseSeconds(status, { ...terms, maxCallSeconds }),
    );
    if (short === null || short === undefined) return "–";
    return short === long ? `${short} s` : "longest call + 60 s";
  };
  const byRank = callStatuses.toSorted((one, other) => statusRank[one] - statusRank[other]);
  return table(
    ["rank", "status", "written by", "overdue after"],
    byRank.map((status) => [
      statusRank[status],
      `\`${status}\``,
      isSighting(status) ? "the provider" : "Parley",
      lease(status),
    ]),
  );
}

const actsPart = (acts: Record<string, { readonly from: readonly string[] }>): string =>
  table(
    ["act", "allowed in"],
    Object.entries(acts).map(([act, { from }]) => [act, from.join(", ")]),
  );

type Schema = {
  type?: string | string[];
  format?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema | boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
};

const WIDTH = 110;
const formats: Record<string, string> = { uuid: "id", "date-time": "instant", date: "day", email: "email" };
/** Lists of words that would otherwise be repeated in many shapes. */
const names: Record<string, readonly string[]> = {
  CallStatus: callStatuses,
  Outcome: outcomes,
  CampaignStatus: campaignStatuses,
  ItemStatus: itemStatuses,
  ImportStatus: importStatuses,
  Topic: topics,
};
const quoted = (value: unknown): string => JSON.stringify(value);

/** A schema as a reader of TypeScript would write it down. */
function shape(schema: z.ZodType, io: "input" | "output"): string {
  return written(z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Schema, 2);
}

function written(schema: Schema, indent: number): string {
  if (schema.const !== undefined) return quoted(schema.const);
  if (schema.enum) return nameOf(schema.enum) ?? schema.enum.map(quoted).join(" | ");
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return [...new Set(either.map((each) => written(each, indent)))].join(" | ");
  if (schema.allOf) return schema.allOf.map((each) => written(each, indent)).join(" & ");
  if (Array.isArray(schema.type))
    return schema.type.map((type) => written({ ...schema, type }, indent)).join(" | ");
  switch (schema.type) {
    case "object":
      return writtenObject(schema, indent);
    case "array": {
      const item = typeof schema.items === "object" ? written(schema.items, indent) : "unknown";
      return item.includes(" | ") && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
    }
    case "string":
      return formats[schema.format ?? ""] ?? "string";
    case "integer":
      return "int";
    default:
      return schema.type ?? "unknown";
  }
}

const nameOf = (values: readonly unknown[]): string | undefined =>
  Object.entries(names).find(([, known]) => quoted(known.toSorted()) === quoted(values.toSorted()))?.[0];

function writtenObject(
  { properties = {}, required = [], additionalProperties }: Schema,
  indent: number,
): string {
  const fields = Object.entries(properties).map(
    ([name, field]) => `${name}${required.includes(name) ? "" : "?"}: ${written(field, indent + 2)}`,
  );
  if (typeof additionalProperties === "object" && fields.length === 0)
    return `{ [key]: ${written(additionalProperties, indent)} }`;
  if (fields.length === 0) return "{}";
  const line = `{ ${fields.join(", ")} }`;
  if (indent + line.length <= WIDTH && !line.includes("\n")) return line;
  return `{\n${" ".repeat(indent + 2)}${folded(fields, ", ", indent + 2)}\n${" ".repeat(indent)}}`;
}

/** Parts one after the other, a new line where the width is used up or a part has lines of its own. */
function folded(these: readonly string[], separator: string, indent: number): string {
  const lines: string[] = [];
  for (const part of these) {
    const last = lines.at(-1);
    const fits = last !== undefined && indent + last.length + separator.length + part.length <= WIDTH;
    if (fits && !last.includes("\n") && !part.includes("\n"))
      lines[lines.length - 1] = last + separator + part;
    else lines.push(part);
  }
  return lines.join(`${separator.trimEnd()}\n${" ".repeat(indent)}`);
}

if (import.meta.main) {
  for (const page of pages) {
    const path = join(repository, page);
    const text = readFileSync(path, "utf8");
    const now = filledIn(text);
    if (now !== text) writeFileSync(path, now);
    console.log(`${page} ${now === text ? "is up to date" : "was brought up to date"}.`);
  }
}
