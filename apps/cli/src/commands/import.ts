import { openAsBlob } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Consent } from "@parley/core/contacts/schema";
import { importStatuses, isAtRest } from "@parley/core/imports/status";
import type { Parley } from "../client.ts";
import { command } from "../command.ts";
import { exits, Failure, usage } from "../failure.ts";
import { follow } from "../follow.ts";
import { about, bar, figure, percent, plural, size } from "../render.ts";
import type { Terminal } from "../terminal.ts";
import { instant, mapping, oneOf } from "../values.ts";

type Import = Awaited<ReturnType<Parley["api"]["imports"]["get"]["query"]>>;

export const importFile = command({
  name: "import",
  summary: "Bring in a list of contacts from a CSV or XLSX file",
  takes: ["FILE"],
  options: {
    map: {
      value: "FIELD=HEADER",
      multiple: true,
      help: "Where a column goes: phone_number=Mobile, custom:plan=Tariff, -=Ignored",
    },
    tag: { value: "TAG", multiple: true, help: "Tag every contact of the list" },
    name: { value: "NAME", help: "What to call the list (default: the file's name)" },
    region: { value: "CC", help: "Country of numbers without a prefix, like IN (default: the workspace's)" },
    overwrite: { help: "Replace what known contacts already have; else only empty fields are filled" },
    consent: {
      value: "BASIS",
      help: "Consent to be called of everybody on the list: express, written or existing",
    },
    "consent-source": { value: "TEXT", help: "Where that consent was given" },
    "consent-at": { value: "TIME", help: "When (default: now)" },
    rejects: {
      value: "FILE",
      help: "Where to save the rows that were not taken (default: <file>.rejects.csv)",
    },
    "dry-run": { help: "Check the rows and add nothing" },
    "no-wait": { help: "Do not wait until the contacts are added" },
  },
  examples: [
    "parley import leads.csv --tag july",
    "parley import leads.csv --map phone_number=Mobile --map name=Kunde",
  ],
  async run({ args, options, session }) {
    const { terminal } = session;
    const wanted = mapping(options.map);
    const consent = consentOf(options);
    const file = resolve(args[0]!);
    const parley = session.open();
    const importId = await upload(parley, terminal, file, options);

    let list = await settled(parley, terminal, importId);
    if (list.status !== "failed" && Object.keys(wanted).length > 0) {
      await setMapping(parley, list, wanted);
      list = await settled(parley, terminal, importId);
    }
    if (list.status === "failed")
      throw new Failure(list.error ?? "The import failed.", exits.failed, { importId });
    if (list.status === "mapping") throw unmapped(list);

    const rejects =
      list.rejected > 0 ? await saveRejects(parley, list, options.rejects ?? `${file}.rejects.csv`) : null;
    if (list.accepted === 0)
      throw new Failure(
        `No row of the file can be used.\n${reasonLines(list)}${rejects ? `\nThe rows with their reasons: ${rejects}` : ""}`,
        exits.failed,
        { importId, reasons: list.reasons },
      );
    if (!options["dry-run"]) {
      await parley.api.imports.commit.mutate({
        importId,
        ...(options.tag.length > 0 && { tags: options.tag }),
        ...(options.overwrite && { overwrite: true }),
        ...(consent && { consent }),
      });
      if (!options["no-wait"]) list = await settled(parley, terminal, importId);
      if (list.status === "failed")
        throw new Failure(list.error ?? "The import failed.", exits.failed, { importId });
    }
    terminal.show({ ...list, preview: undefined, rejectsFile: rejects }, () =>
      report(list, rejects, options["dry-run"]),
    );
  },
});

async function upload(
  parley: Parley,
  terminal: Terminal,
  file: string,
  { name, region }: { name?: string | undefined; region?: string | undefined },
): Promise<string> {
  const facts = await stat(file).catch(() => null);
  if (!facts?.isFile()) throw usage(`There is no file ${file}.`);
  if (facts.size === 0) throw usage(`${file} is empty.`);
  terminal.live(`Uploading ${size(facts.size)} …`);
  const query = new URLSearchParams({
    name: name ?? basename(file),
    ...(region && { defaultRegion: region.toUpperCase() }),
  });
  // A file on disk as a body: streamed, never read into memory.
  const body = await openAsBlob(file, { type: "text/csv" });
  const answer = await parley.fetch(`/api/imports?${query}`, {
    method: "POST",
    headers: { "content-type": "text/csv", "idempotency-key": crypto.randomUUID() },
    body,
  });
  const { importId } = (await answer.json()) as { importId: string };
  return importId;
}

/** Waits until nothing moves any more, or a person has to act. */
const settled = (parley: Parley, terminal: Terminal, importId: string): Promise<Import> =>
  follow(
    { parley, terminal, everyMs: 250 },
    () => parley.api.imports.get.query({ importId }),
    (list) => terminal.live(progressLine(list)),
    (list) => isAtRest(list.status),
  );

const stageWords: Record<(typeof importStatuses)[number], string> = {
  receiving: "Reading",
  mapping: "Columns read",
  validating: "Checking",
  ready: "Checked",
  committing: "Adding",
  done: "Added",
  failed: "Failed",
  undoing: "Undoing",
  undone: "Undone",
};

export function progressLine({ progress }: Pick<Import, "progress">): string {
  const { stage, done, total, rowsPerSecond, secondsLeft } = progress;
  const far =
    total === null
      ? figure(done)
      : `${bar(done, total)} ${percent(done, total)}  ${figure(done)}/${figure(total)}`;
  return [
    `${stageWords[stage]}  ${far} rows`,
    rowsPerSecond ? `${figure(Math.round(rowsPerSecond))} rows/s` : null,
    secondsLeft ? `about ${about(secondsLeft)} left` : null,
  ]
    .filter(Boolean)
    .join(" · ");
}

async function setMapping(parley: Parley, list: Import, wanted: ReturnType<typeof mapping>): Promise<void> {
  const unknown = Object.keys(wanted).filter((header) => !list.headers.includes(header));
  if (unknown.length > 0)
    throw usage(
      `The file has no column ${unknown.map((header) => `“${header}”`).join(", ")}. Its columns: ${headersOf(list)}.`,
    );
  const named = new Set(Object.values(wanted));
  // A field that was guessed for another column gives way to the one that was named.
  const guessed = Object.entries(list.mapping).map(([header, field]) => [
    header,
    field !== null && field !== "tags" && named.has(field as never) ? null : field,
  ]);
  await parley.api.imports.setMapping.mutate({
    importId: list.importId,
    mapping: { ...Object.fromEntries(guessed), ...wanted },
  });
}

const unmapped = (list: Import): Failure =>
  new Failure(
    `No column was recognised as the phone number. Name it: --map phone_number=HEADER. The columns: ${headersOf(list)}.`,
    exits.failed,
    { code: "mapping", importId: list.importId, headers: list.headers },
  );

const headersOf = (list: Import): string => list.headers.map((header) => `“${header}”`).join(", ");

async function saveRejects(parley: Parley, list: Import, to: string): Promise<string> {
  const answer = await parley.fetch(`/api/imports/${list.importId}/rejects.csv`);
  await writeFile(to, answer.body!);
  return resolve(to);
}

function consentOf(options: {
  consent?: string;
  "consent-source"?: string;
  "consent-at"?: string;
}): Consent | undefined {
  const basis = oneOf(options.consent, ["express", "written", "existing"], "--consent");
  if (!basis) return undefined;
  const source = options["consent-source"];
  if (!source) throw usage("--consent needs --consent-source TEXT: where the consent was given.");
  const obtainedAt = instant(options["consent-at"], "--consent-at") ?? new Date().toISOString();
  return { channels: ["call"], basis, source, obtainedAt };
}

export const reasonLines = ({ reasons }: Pick<Import, "reasons">): string =>
  Object.entries(reasons)
    .toSorted(([, one], [, other]) => other - one)
    .map(([reason, count]) => `  ${figure(count).padStart(7)}  ${reason.replaceAll("_", " ")}`)
    .join("\n");

function report(list: Import, rejects: string | null, isDryRun: boolean): string {
  const done = isDryRun
    ? `${plural(list.accepted, "row")} can be used; nothing was added.`
    : list.status === "done"
      ? `${plural(list.created, "contact")} added, ${figure(list.updated)} known and completed.`
      : `${plural(list.accepted, "row")} are being added; the dashboard shows how far it is.`;
  return [
    done,
    ...(list.rejected > 0 ? [`${plural(list.rejected, "row")} not taken:`, reasonLines(list)] : []),
    ...(rejects
      ? [`They are in ${rejects}, each with its reason: put them right and import that file.`]
      : []),
    `Import ${list.importId}`,
  ].join("\n");
}
