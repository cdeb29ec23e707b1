import { hostname } from "node:os";
import { connect, type Parley } from "../client.ts";
import { command } from "../command.ts";
import { localParley } from "../credentials.ts";
import { exits, Failure } from "../failure.ts";
import { cleanUrl, type Session } from "../session.ts";

export const login = command({
  name: "login",
  summary: "Sign in and store an API key for the next commands",
  options: {
    email: { value: "EMAIL", help: "Who signs in (PARLEY_EMAIL)" },
    password: { value: "PASSWORD", help: "Better: PARLEY_PASSWORD, or type it when asked" },
  },
  examples: [
    "parley login                                   # beside a running “npm start”: the demo login",
    "PARLEY_PASSWORD=… parley login --url https://parley.example.com --email asha@clinic.example",
  ],
  async run({ options, session }) {
    const { terminal, credentials } = session;
    const { url, email, password } = await answers(session, options);
    let cookie = "";
    const stranger = connect(url, null, (set) => (cookie = set));
    const signedIn = await stranger.api.auth.signIn.mutate({ email, password });
    const person = connect(url, { cookie });
    const { id: keyId, key } = await person.api.apiKeys.create.mutate({ name: `parley on ${hostname()}` });
    await person.api.auth.signOut.mutate({});
    const { company } = signedIn.user;
    await revokeOld(session, url);
    credentials.keep(url, { key, keyId, email, company });
    terminal.show(
      { url, email, company, role: signedIn.member.role, credentials: credentials.path },
      () => `Signed in to ${company} at ${url} as ${email}. The key is in ${credentials.path}.`,
    );
  },
});

export const logout = command({
  name: "logout",
  summary: "Revoke the stored API key and forget it",
  async run({ session }) {
    const { url, terminal, credentials } = session;
    const known = credentials.of(url);
    if (!known) throw new Failure(`Not signed in to ${url}.`, exits.notSignedIn, { code: "not_signed_in" });
    await connect(url, { key: known.key }).api.apiKeys.revoke.mutate({ id: known.keyId });
    credentials.forget(url);
    terminal.show({ url }, () => `Signed out of ${url}. The key is revoked.`);
  },
});

type Answers = { url: string; email: string; password: string };

/** From options, the environment, the demo login of a Parley beside us, and at last the person. */
async function answers(session: Session, options: { email?: string; password?: string }): Promise<Answers> {
  const { config, terminal } = session;
  const local = localParley(config);
  const url = session.named ?? local.url ?? (await askUrl(session));
  const given = { email: options.email ?? config.email, password: options.password ?? config.password };
  if (!given.email && !given.password && local.url === url && local.email && local.password) {
    terminal.note("Using the demo login of this installation.");
    return { url, email: local.email, password: local.password };
  }
  return {
    url,
    email: given.email ?? (await terminal.ask("E-mail: ", "Name who signs in with --email.")),
    password: given.password ?? (await terminal.ask("Password: ", "Set PARLEY_PASSWORD.", { secret: true })),
  };
}

async function askUrl({ url, terminal }: Session): Promise<string> {
  return cleanUrl((await terminal.ask(`Address [${url}]: `, "Name the server with --url.")) || url);
}

/** A second login replaces the first: a key that nobody knows any more should not stay valid. */
async function revokeOld({ credentials }: Session, url: string): Promise<void> {
  const old = credentials.of(url);
  if (!old) return;
  const before: Parley = connect(url, { key: old.key });
  await before.api.apiKeys.revoke.mutate({ id: old.keyId }).catch(() => {});
}
