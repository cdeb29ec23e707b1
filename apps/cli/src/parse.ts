import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import type { Command, Option, Options } from "./command.ts";
import { usage } from "./failure.ts";
import { nearest } from "./nearest.ts";

/** Options that every command knows. */
export const everywhere = {
  json: { help: "Print JSON for programs" },
  url: { value: "URL", help: "The Parley to talk to (PARLEY_URL)" },
  help: { help: "Show how a command is used" },
} as const satisfies Options;

export type Parsed =
  | { kind: "help"; command: Command | undefined; json: boolean }
  | {
      kind: "run";
      command: Command;
      args: string[];
      options: Record<string, string | string[] | boolean | undefined>;
      json: boolean;
      url: string | undefined;
    };

/** The words after `parley` → a command with its arguments, or a Failure that says which word is wrong. */
export function parse(words: readonly string[], commands: readonly Command[]): Parsed {
  const json = words.includes("--json");
  const named = words.filter((word, at) => !word.startsWith("-") && words[at - 1] !== "--url");
  if (named.length === 0 || (named[0] === "help" && named.length === 1))
    return { kind: "help", command: undefined, json };
  const wanted = named[0] === "help" ? named.slice(1) : named;
  const command = find(wanted, commands);
  if (named[0] === "help" || words.includes("--help") || words.includes("-h"))
    return { kind: "help", command, json };

  const rest = without(words, command.name.split(" "));
  const known: Options = { ...command.options, ...everywhere };
  const { values, positionals } = read(rest, known, command);
  checkCount(positionals, command);
  for (const [name, option] of Object.entries(command.options ?? {})) {
    if (option.required && values[name] === undefined)
      throw usage(`${command.name} needs --${name} ${option.value}. ${hint(command)}`);
  }
  const { json: _json, url, help: _help, ...own } = values;
  const options = Object.fromEntries(
    Object.entries(command.options ?? {}).map(([name, option]) => [name, own[name] ?? absent(option)]),
  );
  return { kind: "run", command, args: positionals, options, json, url: url as string | undefined };
}

const absent = (option: Option) => (option.value === undefined ? false : option.multiple ? [] : undefined);

/** Two words before one: `campaign start` is not the command `campaign` with an argument. */
function find(words: readonly string[], commands: readonly Command[]): Command {
  const two = words.slice(0, 2).join(" ");
  const found = commands.find(({ name }) => name === two) ?? commands.find(({ name }) => name === words[0]);
  if (found) return found;
  const family = commands.filter(({ name }) => name.startsWith(`${words[0]} `)).map(({ name }) => name);
  if (family.length > 0) {
    const meant = words[1] && nearest(two, family);
    const given = words[1] ? `There is no command “${two}”. ` : "";
    throw usage(
      `${given}${meant ? `Did you mean “parley ${meant}”?` : `Choose one of: ${family.join(", ")}.`}`,
    );
  }
  const meant = nearest(words[0]!, [...new Set(commands.map(({ name }) => name.split(" ")[0]!))]);
  throw usage(
    `There is no command “${words[0]}”. ${meant ? `Did you mean “parley ${meant}”?` : "Run “parley help” for all of them."}`,
  );
}

/** The words that are left when the command's own are taken out, wherever options stand between them. */
function without(words: readonly string[], name: readonly string[]): string[] {
  const left = [...name];
  return words.filter((word) => {
    if (word !== left[0]) return true;
    left.shift();
    return false;
  });
}

type Values = Record<string, string | string[] | boolean | undefined>;

function read(words: string[], known: Options, command: Command): { values: Values; positionals: string[] } {
  const config: ParseArgsOptionsConfig = Object.fromEntries(
    Object.entries(known).map(([name, { value, multiple }]) => [
      name,
      { type: value === undefined ? ("boolean" as const) : ("string" as const), multiple: multiple ?? false },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args: words, options: config, allowPositionals: true });
    return { values: values as Values, positionals };
  } catch (error) {
    throw usage(`${wrongOption(error as NodeJS.ErrnoException, known)} ${hint(command)}`);
  }
}

/** Node's message, in our words. */
function wrongOption({ code, message }: NodeJS.ErrnoException, known: Options): string {
  const given = /'(--?[^' =,]+)/.exec(message)?.[1] ?? "";
  const option = known[given.replace(/^-+/, "")];
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const meant = nearest(given.replace(/^-+/, ""), Object.keys(known));
    return `There is no option ${given}.${meant ? ` Did you mean --${meant}?` : ""}`;
  }
  if (option?.value !== undefined) return `${given} needs a value: ${given} ${option.value}.`;
  return option ? `${given} takes no value.` : message;
}

function checkCount(given: readonly string[], command: Command): void {
  const takes = command.takes ?? [];
  const missing = takes.slice(given.length).find((name) => !name.startsWith("["));
  if (missing) throw usage(`${command.name} needs ${missing}. ${hint(command)}`);
  const extra = given[takes.length];
  if (extra !== undefined) throw usage(`${command.name} does not take “${extra}”. ${hint(command)}`);
}

const hint = (command: Command): string => `See “parley ${command.name} --help”.`;
