import { hash, verify } from "@node-rs/argon2";

/** OWASP's first choice for argon2id (the library's default kind): 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export const hashPassword = (password: string): Promise<string> => hash(password, cost);

let nobody: Promise<string> | undefined;

/**
 * Does the password fit? Without a hash (nobody of that address, or no password set) the same work is done, so that
 * the time of the answer tells nothing.
 */
export async function passwordFits(stored: string | null | undefined, password: string): Promise<boolean> {
  nobody ??= hashPassword(crypto.randomUUID());
  const fits = await verify(stored ?? (await nobody), password);
  return fits && stored != null;
}
