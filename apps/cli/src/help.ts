import type { Command, Options } from "./command.ts";
import { everywhere } from "./parse.ts";

/** What `parley help` prints: every command on a line. */
export function helpOfAll(commands: readonly Command[]): string {
  const lines = commands.map((each): [string, string] => [`  ${usageOf(each)}`, each.summary]);
  return [
    "Usage: parley COMMAND [options]",
    "",
    ...columns(lines),
    "",
    "Everywhere:",
    ...optionLines(everywhere),
    "",
    "Exit codes: 0 done · 1 failed · 2 wrong usage · 3 not signed in or not allowed · 4 no answer · 130 interrupted",
  ].join("\n");
}

/** What `parley COMMAND --help` prints. */
export function helpOf(command: Command): string {
  const own = optionLines(command.options ?? {});
  return [
    `Usage: parley ${usageOf(command)}${own.length > 0 ? " [options]" : ""}`,
    "",
    command.summary,
    ...(own.length > 0 ? ["", "Options:", ...own] : []),
    ...(command.examples ? ["", "Examples:", ...command.examples.map((line) => `  ${line}`)] : []),
  ].join("\n");
}

const usageOf = ({ name, takes = [] }: Command): string => [name, ...takes].join(" ");

const optionLines = (options: Options): string[] =>
  columns(
    Object.entries(options).map(([name, { value, help, multiple, required }]) => [
      `  --${name}${value ? ` ${value}` : ""}`,
      `${help}${multiple ? " (may be repeated)" : ""}${required ? " (required)" : ""}`,
    ]),
  );

function columns(lines: [string, string][]): string[] {
  const width = Math.max(...lines.map(([left]) => left.length));
  return lines.map(([left, right]) => `${left.padEnd(width + 2)}${right}`);
}
