import type { Session } from "./session.ts";

/** An option of a command. Without `value` it is a switch; `value` is what help shows for its argument. */
export type Option = { help: string; value?: string; multiple?: true; required?: true };
export type Options = Record<string, Option>;

type Given<O extends Option> = O extends { value: string }
  ? O extends { multiple: true }
    ? string[]
    : O extends { required: true }
      ? string
      : string | undefined
  : boolean;
export type Values<All extends Options> = { [Name in keyof All]: Given<All[Name]> };

export type Invocation<All extends Options> = { args: string[]; options: Values<All>; session: Session };

/** One command: what it is called, what it takes, what it does. Its answer is the exit code; nothing means 0. */
export type Command<All extends Options = Options> = {
  /** One or two words: `login`, `campaign start`. */
  name: string;
  summary: string;
  /** Positional arguments in order: `FILE`, `[SEARCH]` when it may be left out. */
  takes?: string[];
  options?: All;
  /** Lines of help that are worth copying. */
  examples?: string[];
  run(invocation: Invocation<All>): Promise<number | void>;
};

/** Gives a command's `run` the types of its own options. */
export function command<const All extends Options>(its: Command<All>): Command {
  return its;
}
