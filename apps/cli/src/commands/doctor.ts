import type { Diagnosis } from "@parley/core/ops/schema";
import { asFailure } from "../client.ts";
import { command } from "../command.ts";
import { exits, Failure } from "../failure.ts";
import type { Session } from "../session.ts";

type Check = Diagnosis["checks"][number];

export const doctor = command({
  name: "doctor",
  summary: "Look at everything an installation needs; exit code 1 when something is bad",
  async run({ session }) {
    const checks = await examine(session);
    const ok = checks.every(({ status }) => status !== "bad");
    session.terminal.show({ ok, checks }, () => checks.map(line).join("\n"));
    return ok ? exits.ok : exits.failed;
  },
});

/** From outside first: what can be said without a key. The rest is the server's own diagnosis. */
async function examine(session: Session): Promise<Check[]> {
  const { url } = session;
  const reached = await reach(url);
  if (reached.status === "bad") return [reached];
  try {
    const { checks } = await session.open().api.ops.doctor.query({});
    return [reached, ...checks];
  } catch (error) {
    const failure = error instanceof Failure ? error : asFailure(error, url);
    if (failure.exit !== exits.notSignedIn) throw failure;
    return [
      reached,
      {
        name: "diagnosis",
        status: "warn",
        detail: failure.message,
        cure: "Sign in as platform admin to see the rest; “parley admin grant EMAIL” makes one.",
      },
    ];
  }
}

async function reach(url: string): Promise<Check> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) });
    const { ok, checks = [] } = (await answer.json()) as {
      ok?: boolean;
      checks?: { name: string; ok: boolean; detail?: string }[];
    };
    const wrong = checks
      .filter((check) => !check.ok)
      .map(({ name, detail }) => `${name}: ${detail ?? "not ok"}`);
    return ok
      ? { name: "server", status: "ok", detail: `${url} answers and is ready.`, cure: null }
      : {
          name: "server",
          status: "bad",
          detail: `${url} is not ready. ${wrong.join(" · ")}`,
          cure: "Read the server's log.",
        };
  } catch (error) {
    return {
      name: "server",
      status: "bad",
      detail: asFailure(error, url).message,
      cure: null,
    };
  }
}

const signs = { ok: "✓", warn: "!", bad: "✗" } as const;
const line = ({ name, status, detail, cure }: Check): string =>
  `${signs[status]} ${name}: ${detail}${cure && status !== "ok" ? `\n    ${cure}` : ""}`;
