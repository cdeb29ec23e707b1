import { describe, expect, it } from "vitest";
import { command } from "./command.ts";
import { commands } from "./commands.ts";
import { Failure } from "./failure.ts";
import { helpOf, helpOfAll } from "./help.ts";
import { parse } from "./parse.ts";

const some = [
  command({
    name: "campaign create",
    summary: "Draft a campaign",
    options: {
      name: { value: "NAME", help: "", required: true },
      tag: { value: "TAG", help: "", multiple: true },
      start: { help: "" },
    },
    run: async () => {},
  }),
  command({ name: "campaign start", summary: "Start", takes: ["CAMPAIGN"], run: async () => {} }),
  command({ name: "calls", summary: "List calls", takes: ["[ID]"], run: async () => {} }),
];
const run = (...words: string[]) => parse(words, some);
const refusal = (...words: string[]): string => {
  try {
    run(...words);
  } catch (error) {
    if (error instanceof Failure && error.exit === 2) return error.message;
    throw error;
  }
  throw new Error("It was accepted.");
};

describe("a command line", () => {
  it("is a command, its arguments and its options, wherever they stand", () => {
    const expected = {
      kind: "run",
      options: { name: "July", tag: ["a", "b"], start: true },
      args: [],
      json: true,
    };
    expect(
      run("campaign", "create", "--name", "July", "--tag", "a", "--tag=b", "--start", "--json"),
    ).toMatchObject(expected);
    expect(
      run("--json", "campaign", "--start", "create", "--tag", "a", "--tag", "b", "--name=July"),
    ).toMatchObject(expected);
  });

  it("names the server before or after the command", () => {
    expect(run("--url", "http://a.example", "calls")).toMatchObject({ url: "http://a.example", args: [] });
    expect(run("calls", "--url", "http://a.example")).toMatchObject({ url: "http://a.example" });
  });

  it("gives absent options their kind's nothing", () => {
    expect(run("campaign", "create", "--name", "July")).toMatchObject({
      options: { name: "July", tag: [], start: false },
    });
  });

  it.each([
    [["campain", "start"], /no command “campain”. Did you mean “parley campaign”/],
    [["campaign", "strat", "x"], /Did you mean “parley campaign start”/],
    [["campaign"], /Choose one of: campaign create, campaign start/],
    [["frobnicate"], /Run “parley help”/],
    [["campaign", "start"], /campaign start needs CAMPAIGN/],
    [["campaign", "create"], /needs --name NAME/],
    [["campaign", "create", "--nme", "x"], /no option --nme. Did you mean --name/],
    [["campaign", "create", "--name"], /--name needs a value: --name NAME/],
    [["campaign", "create", "--name", "x", "--start=yes"], /--start takes no value/],
    [["calls", "one", "two"], /does not take “two”/],
  ])("that is wrong (%j) is told which word, and what to do", (words, message) => {
    expect(refusal(...words)).toMatch(message);
  });

  it("asks for help in three ways", () => {
    for (const words of [
      ["help", "campaign", "start"],
      ["campaign", "start", "--help"],
      ["campaign", "start", "-h"],
    ])
      expect(run(...words)).toMatchObject({ kind: "help", command: { name: "campaign start" } });
    expect(run()).toMatchObject({ kind: "help", command: undefined });
  });
});

describe("help", () => {
  it("shows every command that there is", () => {
    const all = helpOfAll(commands);
    for (const { name, summary } of commands) expect(all).toMatch(new RegExp(`parley|${name}.*${summary}`));
  });

  it("shows the options of a command with their arguments", () => {
    expect(helpOf(some[0]!)).toContain("--name NAME");
    expect(helpOf(some[0]!)).toContain("(required)");
  });

  it("knows every command of the contract", () => {
    const names = commands.map(({ name }) => name);
    const contract =
      "login,import,agent create,agent list,campaign create,campaign start,campaign pause,campaign resume,campaign cancel,campaign watch,call,explain,calls,contacts,queue,sql,webhooks replay,stop-all,admin grant,admin reset-password,doctor";
    expect(names).toEqual(expect.arrayContaining(contract.split(",")));
  });
});
