import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { exits, Failure } from "./failure.ts";

type Out = { write(text: string): unknown; isTTY?: boolean; columns?: number };

/** On a pipe a bar cannot move: it is written anew this often. */
const PIPE_EVERY_MS = 10_000;

/**
 * Results go to stdout: as text, or as JSON with --json. Everything else (progress, warnings) goes to stderr, so that
 * a pipe holds the result alone. A live line is redrawn in place on a terminal.
 */
export class Terminal {
  readonly json: boolean;
  readonly #out: Out;
  readonly #err: Out;
  #live = "";
  #pipedAt = -Infinity;
  #piped = "";

  constructor(json: boolean, out: Out = process.stdout, err: Out = process.stderr) {
    this.json = json;
    this.#out = out;
    this.#err = err;
  }

  get columns(): number {
    return this.#out.columns ?? 120;
  }

  get isInteractive(): boolean {
    return Boolean(this.#err.isTTY) && process.stdin.isTTY;
  }

  /** The result of a command. Programs get one JSON value a line. */
  show(value: unknown, text: () => string): void {
    this.clear();
    this.#out.write(`${this.json ? JSON.stringify(value) : text()}\n`);
  }

  /** Something worth knowing that is not the result. */
  note(text: string): void {
    this.clear();
    if (!this.json) this.#err.write(`${text}\n`);
  }

  warn(text: string): void {
    this.clear();
    this.#err.write(`${text}\n`);
  }

  /** Replaces the line that shows how far it is; on a pipe a line now and then, with --json none. */
  live(text: string): void {
    if (this.json) return;
    if (this.#err.isTTY) {
      if (text === this.#live) return;
      this.#live = text;
      this.#err.write(`\r\u001B[2K${text.slice(0, (this.#err.columns ?? 80) - 1)}`);
      return;
    }
    const now = performance.now();
    if (text === this.#piped || now - this.#pipedAt < PIPE_EVERY_MS) return;
    this.#pipedAt = now;
    this.#piped = text;
    this.#err.write(`${text}\n`);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#live !== "") this.#err.write("\r\u001B[2K");
    this.#live = "";
  }

  /** Asks a person; without one it is an error that names the option to use instead. */
  async ask(question: string, instead: string, options: { secret?: boolean } = {}): Promise<string> {
    if (!this.isInteractive)
      throw new Failure(`${instead} There is nobody at the terminal to ask.`, exits.usage, { code: "usage" });
    // Echo is what readline writes: into nothing, while a secret is typed.
    let muted = false;
    const echo = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!muted) this.#err.write(chunk.toString());
        done();
      },
    });
    const reader = createInterface({ input: process.stdin, output: echo, terminal: true });
    reader.on("SIGINT", () => process.exit(exits.interrupted));
    const answer = reader.question(question);
    muted = options.secret ?? false;
    try {
      return (await answer).trim();
    } finally {
      reader.close();
      if (muted) this.#err.write("\n");
    }
  }
}
