import { connect, type Parley } from "./client.ts";
import type { Config } from "./config.ts";
import { Credentials, localParley } from "./credentials.ts";
import { exits, Failure, usage } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

const fallback = "http://localhost:3000";

/** What one invocation works with: settings, the terminal, and the server once a command asks for it. */
export class Session {
  readonly config: Config;
  readonly terminal: Terminal;
  readonly credentials: Credentials;
  readonly #url: string | undefined;

  constructor(config: Config, terminal: Terminal, url: string | undefined) {
    this.config = config;
    this.terminal = terminal;
    this.credentials = new Credentials(config);
    this.#url = url;
  }

  /** The server that was named for this invocation. */
  get named(): string | undefined {
    const named = this.#url ?? this.config.url;
    return named === undefined ? undefined : cleanUrl(named);
  }

  /** The server meant: named, else the one signed in to last, else the one that runs here, else the usual port. */
  get url(): string {
    return this.named ?? this.credentials.current ?? localParley(this.config).url ?? fallback;
  }

  /** The server with our key. */
  open(): Parley {
    const { url } = this;
    const key = this.config.apiKey ?? this.credentials.of(url)?.key;
    if (key) return connect(url, { key });
    const elsewhere = this.credentials.current;
    const hint = elsewhere && elsewhere !== url ? ` (You are signed in to ${elsewhere}.)` : "";
    throw new Failure(
      `Not signed in to ${url}. Run “parley login”, or set PARLEY_API_KEY.${hint}`,
      exits.notSignedIn,
      { code: "not_signed_in" },
    );
  }
}

/** `https://parley.example.com/` → without the slash; anything that is no such address is refused by name. */
export function cleanUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol))
    throw usage(`“${text}” is not an address. Write it like http://localhost:3000.`);
  return url.href.replace(/\/+$/, "");
}
