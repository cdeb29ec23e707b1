/** The desk wears the dashboard's colours: ink on paper by day, paper on ink by night. */
export const deskStyle = `
:root {
  color-scheme: light dark;
  --canvas: light-dark(oklch(0.966 0.0055 95), oklch(0.165 0.015 266));
  --surface: light-dark(oklch(0.992 0.0025 95), oklch(0.192 0.0155 266));
  --hover: light-dark(oklch(0.957 0.006 95), oklch(0.245 0.017 266));
  --ink: light-dark(oklch(0.235 0.022 264), oklch(0.945 0.008 95));
  --ink-2: light-dark(oklch(0.42 0.018 264), oklch(0.78 0.009 95));
  --ink-3: light-dark(oklch(0.515 0.015 264), oklch(0.668 0.01 95));
  --line: light-dark(oklch(0.915 0.006 95), oklch(0.275 0.016 266));
  --line-2: light-dark(oklch(0.855 0.008 95), oklch(0.345 0.017 266));
  --accent-ink: light-dark(oklch(0.44 0.135 264), oklch(0.8 0.095 264));
  --action: light-dark(oklch(0.33 0.08 264), oklch(0.92 0.012 95));
  --on-action: light-dark(oklch(0.985 0.004 95), oklch(0.205 0.025 264));
  --focus: light-dark(oklch(0.52 0.165 264), oklch(0.76 0.12 264));
  --ok-ink: light-dark(oklch(0.43 0.073 182), oklch(0.8 0.095 180));
  --bad-ink: light-dark(oklch(0.485 0.165 30), oklch(0.755 0.135 30));
  --warn-tint: light-dark(oklch(0.958 0.038 84), oklch(0.275 0.04 72));
  --o-answered: light-dark(oklch(0.52 0.09 182), oklch(0.715 0.102 181));
  --o-busy: light-dark(oklch(0.665 0.135 70), oklch(0.76 0.135 76));
  --o-no-answer: light-dark(oklch(0.64 0.01 264), oklch(0.53 0.012 266));
  --o-failed: light-dark(oklch(0.54 0.185 30), oklch(0.64 0.185 30));
  --o-canceled: light-dark(oklch(0.6 0.008 95), oklch(0.52 0.01 100));
}
*, *::before { box-sizing: border-box; }
* { margin: 0; }
body { background: var(--canvas); color: var(--ink); font: 14px/1.45 "Geist Variable", Geist, ui-sans-serif, system-ui, sans-serif; padding: 24px clamp(16px, 4vw, 48px); max-width: 1440px; margin: 0 auto; }
header { display: flex; flex-wrap: wrap; gap: 16px; justify-content: space-between; align-items: flex-start; margin-bottom: 24px; }
h1 { font-size: 26px; letter-spacing: -0.02em; line-height: 32px; }
h2 { font-size: 16px; letter-spacing: -0.008em; margin-bottom: 8px; }
p { color: var(--ink-2); }
.clock { text-align: right; display: grid; gap: 8px; justify-items: end; }
time, .number { font-family: "Geist Mono Variable", "Geist Mono", ui-monospace, monospace; font-variant-numeric: tabular-nums; }
time { font-size: 16px; }
section, dl { margin-bottom: 24px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.figures div { background: var(--surface); padding: 12px 16px; }
dt { color: var(--ink-3); font-size: 12px; }
dd { font-size: 20px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 16px 24px; }
table { width: 100%; border-collapse: collapse; background: var(--surface); border: 1px solid var(--line); border-radius: 6px; font-size: 13px; }
th { text-align: left; font-weight: 500; color: var(--ink-3); font-size: 12px; }
th, td { padding: 6px 12px; border-bottom: 1px solid var(--line); white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 220px; }
tbody tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: var(--hover); }
.empty { background: var(--surface); border: 1px dashed var(--line-2); border-radius: 6px; padding: 24px; text-align: center; }
.ok { color: var(--ok-ink); } .bad { color: var(--bad-ink); }
.status::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 2px; margin-right: 8px; background: var(--accent-ink); }
.status.answered::before { background: var(--o-answered); border-radius: 50%; }
.status.busy::before { background: var(--o-busy); }
.status.no-answer::before { background: transparent; border: 2px solid var(--o-no-answer); }
.status.failed::before { background: var(--o-failed); transform: rotate(45deg); }
.status.canceled::before { background: var(--o-canceled); height: 2px; vertical-align: middle; }
button { font: inherit; font-size: 12px; color: var(--ink); background: var(--surface); border: 1px solid var(--line-2); border-radius: 6px; padding: 4px 10px; min-height: 28px; cursor: pointer; }
button:hover { background: var(--hover); }
button[aria-pressed="true"] { background: var(--action); border-color: var(--action); color: var(--on-action); }
li:not(.on) button[aria-pressed="true"] { background: var(--hover); border-color: var(--line-2); color: var(--ink); font-weight: 500; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.buttons { display: inline-flex; gap: 4px; flex-wrap: wrap; }
.faults, .parts { list-style: none; padding: 0; background: var(--surface); border: 1px solid var(--line); border-radius: 6px; margin: 8px 0; }
.faults li { display: flex; flex-wrap: wrap; gap: 4px 16px; justify-content: space-between; align-items: center; padding: 6px 12px; border-bottom: 1px solid var(--line); color: var(--ink-2); }
.faults li:last-child { border-bottom: 0; }
.faults b { color: var(--ink); font-weight: 500; margin-right: 8px; }
.faults .on { background: var(--warn-tint); }
.parts { display: grid; grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); gap: 4px 16px; padding: 12px; color: var(--ink-2); }
.parts b { color: var(--ink); margin-right: 8px; }
footer { display: flex; flex-wrap: wrap; gap: 16px; padding-top: 16px; border-top: 1px solid var(--line); }
a { color: var(--accent-ink); }
#said { min-height: 20px; font-size: 12px; max-width: 44ch; }
`;

/** Buttons post, and the figures refresh without a reload; a button in use keeps the focus. */
export const deskScript = `
const said = document.getElementById("said");
async function send(method, url, body) {
  const answer = await fetch(url, body === undefined ? { method } : { method, headers: { "content-type": "application/json" }, body });
  const told = await answer.json().catch(() => ({}));
  said.textContent = answer.ok ? "" : (told.error ?? "It did not work.");
  await refresh(true);
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { post, body, jump } = button.dataset;
  if (post) void send("POST", post, body);
  else if (button.dataset.delete) void send("DELETE", button.dataset.delete);
  else if (jump) void fetch("/sandbox/clock").then((answer) => answer.json()).then(({ now }) =>
    send("POST", "/sandbox/clock", JSON.stringify({ advanceTo: new Date(Date.parse(now) + jump * 1000).toISOString() })));
});
async function refresh(always) {
  if (document.hidden && !always) return;
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  const focused = document.activeElement?.getAttribute("aria-label");
  for (const id of ["live", "clock"]) document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
  document.querySelectorAll(".clock button").forEach((button, index) => {
    const fresh = page.querySelectorAll(".clock button")[index]?.getAttribute("aria-pressed");
    if (fresh) button.setAttribute("aria-pressed", fresh);
  });
  if (focused) document.querySelector('[aria-label="' + CSS.escape(focused) + '"]')?.focus();
}
setInterval(() => void refresh().catch(() => { said.textContent = "The sandbox does not answer."; }), 2000);
`;
