import type { Sandbox } from "../app.ts";
import { magicNumbers } from "../bolna/plan.ts";
import { isTerminal, statusOf, type Execution } from "../bolna/execution.ts";
import { faultNames, type FaultName } from "../faults.ts";

type Value = string | number | Markup | Markup[];

/** A template whose values are escaped, unless they are markup themselves. */
function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const text = parts
    .map((part, index) => part + (index < values.length ? write(values[index]!) : ""))
    .join("");
  return new Markup(text);
}

class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function write(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(write).join("");
  return String(value).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const clockTime = (at: number): string => new Date(at).toISOString().slice(11, 19);

/** The operator's desk: what was asked of the sandbox, what it will do next, and buttons to misbehave. */
export function deskPage(sandbox: Sandbox): string {
  const { clock, exchange, truth, webhooks, generations } = sandbox;
  const now = clock.now();
  const { scale } = clock.reading;
  const count = exchange.counts;
  const total = Object.values(count).reduce((sum, each) => sum + each, 0);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Sandbox · Parley</title>
        <link rel="stylesheet" href="/desk.css" />
        <script src="/desk.js" defer></script>
      </head>
      <body>
        <header>
          <div>
            <h1>Sandbox</h1>
            <p>Every phone, model and person here is invented. No real call is placed.</p>
          </div>
          <div class="clock" role="group" aria-label="Clock">
            <time id="clock">${new Date(now).toISOString().slice(0, 19).replace("T", " ")} UTC</time>
            <span class="buttons">
              ${[1, 10, 60, 600].map(
                (speed) =>
                  html`<button
                    data-post="/sandbox/clock"
                    data-body='{"scale":${speed}}'
                    aria-pressed="${String(speed === scale)}"
                  >
                    ×${speed}
                  </button>`,
              )}
              <button data-jump="3600">+1 h</button>
            </span>
            <p id="said" role="status"></p>
          </div>
        </header>
        <main>
          <div id="live">
            <dl class="figures">
              ${figure("Open lines", truth.openLines)} ${figure("Most at once", truth.peaks.system)}
              ${figure("Rings", truth.rings.length)} ${figure("Calls", total)}
              ${figure("Waiting for a line", exchange.traffic.waiting)}
              ${figure("Events under way", webhooks.pending)}
              ${figure("Asked of the model", generations.counts.requests)}
              ${figure("Wallet", exchange.wallet)}
            </dl>
            <div class="columns">
              <section>
                <h2>Asked of us</h2>
                ${table(
                  ["at", "number", "part", "status"],
                  exchange.recent.slice(0, 16).map((execution) => callRow(execution)),
                  "No call yet. Place one from Parley and it appears here.",
                )}
              </section>
              <section>
                <h2>What happens next</h2>
                ${table(
                  ["in", "number", "next"],
                  exchange.upcoming(16).map(
                    ({ execution, due }) =>
                      html`<tr>
                        <td class="number">${waiting(due - now)}</td>
                        <td class="number">${execution.person}</td>
                        <td>${nextOf(execution)}</td>
                      </tr>`,
                  ),
                  "Nothing is due.",
                )}
              </section>
              <section>
                <h2>Events sent</h2>
                ${table(
                  ["wall clock", "status", "answer", "try"],
                  webhooks.recent
                    .slice(-16)
                    .toReversed()
                    .map(
                      (sent) =>
                        html`<tr>
                          <td class="number">${sent.at.slice(11, 19)}</td>
                          <td>${status(sent.status)}</td>
                          <td class="${sent.result.startsWith("2") ? "ok" : "bad"}">${sent.result}</td>
                          <td class="number">${sent.attempt}</td>
                        </tr>`,
                    ),
                  "No event has been sent yet.",
                )}
              </section>
              <section>
                <h2>Asked of the model</h2>
                ${table(
                  ["at", "model", "form", "came to"],
                  generations.recent
                    .slice(-16)
                    .toReversed()
                    .map(
                      (each) =>
                        html`<tr>
                          <td class="number">${each.at.slice(11, 19)}</td>
                          <td>${each.model ?? "–"}</td>
                          <td>${each.schemaName ?? "–"}</td>
                          <td class="${each.outcome === "ok" ? "ok" : "bad"}">${each.outcome}</td>
                        </tr>`,
                    ),
                  "Nothing has been analysed yet.",
                )}
              </section>
            </div>
            <section>
              <h2>Misbehave</h2>
              <p>Each fault strikes at the rate you choose, the same way for the same seed.</p>
              <ul class="faults">
                ${Object.entries(faultNames).map(([name, about]) => faultRow(sandbox, name as FaultName, about))}
              </ul>
              <p><button data-delete="/sandbox/faults">Behave again</button></p>
            </section>
          </div>
          <section>
            <h2>Numbers with a part to play</h2>
            <p>The last four digits of the called number decide. All others follow the seeded mix.</p>
            <ul class="parts">
              ${Object.entries(magicNumbers).map(
                ([digits, { title }]) => html`<li><b class="number">${digits}</b> ${title}</li>`,
              )}
            </ul>
          </section>
        </main>
        <footer>
          <a href="/sandbox/truth">Truth</a> <a href="/sandbox/truth/count">Counts</a>
          <a href="/sandbox/journal">Events</a> <a href="/sandbox/openai/requests">Model requests</a>
          <a href="/sandbox/scenarios">Scenarios</a>
          <a href="/sandbox/account">Account</a>
        </footer>
      </body>
    </html>`.text;
}

const figure = (name: string, value: number): Markup =>
  html`<div>
    <dt>${name}</dt>
    <dd class="number">${value.toLocaleString("en-US")}</dd>
  </div>`;

function table(heads: string[], rows: Markup[], empty: string): Markup {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  return html`<table>
    <thead>
      <tr>
        ${heads.map((head) => html`<th scope="col">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

function callRow(execution: Execution): Markup {
  return html`<tr>
    <td class="number">${clockTime(execution.createdAt)}</td>
    <td class="number">${execution.direction === "inbound" ? "← " : ""}${execution.person}</td>
    <td>${execution.plan.story}</td>
    <td>${status(statusOf(execution))}</td>
  </tr>`;
}

const tones: Record<string, string> = {
  completed: "answered",
  "in-progress": "answered",
  "no-answer": "no-answer",
  busy: "busy",
  failed: "failed",
  error: "failed",
  "balance-low": "failed",
  stopped: "canceled",
  canceled: "canceled",
};

const status = (word: string): Markup => html`<span class="status ${tones[word] ?? "live"}">${word}</span>`;

function nextOf(execution: Execution): string {
  const now = statusOf(execution);
  if (now === "scheduled") return "queued";
  if (isTerminal(now)) return "rings back";
  const taken = execution.reached.length - (execution.scheduledAt === null ? 1 : 2);
  return execution.plan.steps[taken]?.status ?? "the line drops, unnoticed";
}

function waiting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function faultRow(sandbox: Sandbox, name: FaultName, about: string): Markup {
  const rate = sandbox.faults.rates[name] ?? 0;
  return html`<li class="${rate > 0 ? "on" : ""}">
    <span><b>${name}</b> ${about}</span>
    <span class="buttons">
      ${[0, 0.1, 0.5, 1].map(
        (each) =>
          html`<button
            data-post="/sandbox/faults"
            data-body='{"${name}":${each}}'
            aria-pressed="${String(each === rate)}"
            aria-label="${name} ${each * 100} percent"
          >
            ${each * 100} %
          </button>`,
      )}
    </span>
  </li>`;
}
