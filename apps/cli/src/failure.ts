/** How the command ended, for scripts. 2 is what shells use for wrong usage, 130 for Ctrl-C. */
export const exits = {
  ok: 0,
  failed: 1,
  usage: 2,
  notSignedIn: 3,
  unreachable: 4,
  interrupted: 130,
} as const;
export type Exit = (typeof exits)[keyof typeof exits];

/** Something to tell the reader, with the next step; never a stack. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exit: Exit;
  /** What `--json` prints beside the message. */
  readonly facts: Record<string, unknown>;

  constructor(message: string, exit: Exit = exits.failed, facts: Record<string, unknown> = {}) {
    super(message);
    this.exit = exit;
    this.facts = facts;
  }
}

/** Wrong words on the command line. */
export function usage(message: string): Failure {
  return new Failure(message, exits.usage, { code: "usage" });
}
