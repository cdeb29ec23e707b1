import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "./config.ts";

export type Login = { key: string; keyId: string; email: string; company: string };
/** Keys by server: one is never sent to another. */
type Kept = { current: string | null; servers: Record<string, Login> };

const nothing: Kept = { current: null, servers: {} };

/** What `parley login` stored, in a file that only its owner can read. */
export class Credentials {
  readonly #file: string;

  constructor({ credentialsFile }: Config) {
    this.#file = credentialsFile;
  }

  /** The server signed in to last. */
  get current(): string | null {
    return this.#read().current;
  }

  of(url: string): Login | undefined {
    return this.#read().servers[url];
  }

  keep(url: string, login: Login): void {
    const kept = this.#read();
    this.#write({ current: url, servers: { ...kept.servers, [url]: login } });
  }

  forget(url: string): void {
    const { current, servers } = this.#read();
    const { [url]: _gone, ...rest } = servers;
    this.#write({ current: current === url ? null : current, servers: rest });
  }

  get path(): string {
    return this.#file;
  }

  #read(): Kept {
    try {
      return { ...nothing, ...(JSON.parse(readFileSync(this.#file, "utf8")) as Kept) };
    } catch {
      return nothing;
    }
  }

  #write(kept: Kept): void {
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 });
    const draft = `${this.#file}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
    chmodSync(draft, 0o600);
    renameSync(draft, this.#file);
  }
}

/** The Parley that runs from this directory, if one does: its address, and the demo login if it was seeded. */
export function localParley({ runningFiles, demoLoginFile }: Config): {
  url?: string;
  email?: string;
  password?: string;
} {
  const running = runningFiles.map(readJson).find((each) => each?.["server"]);
  if (!running) return {};
  const { email, password } = readJson(demoLoginFile) ?? {};
  return { url: running["server"], ...(email && password ? { email, password } : {}) };
}

function readJson(file: string): Record<string, string> | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  } catch {
    return undefined;
  }
}
