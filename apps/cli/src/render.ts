/** How values look in a terminal. Nothing here writes. */

export type Align = "left" | "right";
export type Column<Row> = { title: string; of: (row: Row) => string; align?: Align };

/** Rows under their titles; columns are as wide as they must be, and the last ones give way on a narrow terminal. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width = Infinity): string {
  const cells = rows.map((row) => columns.map(({ of }) => of(row).replace(/\s+/g, " ")));
  const widths = columns.map(({ title }, at) =>
    Math.max(length(title), ...cells.map((line) => length(line[at]!))),
  );
  const lines = [columns.map(({ title }) => title), ...cells].map((line) =>
    line
      .map((text, at) => pad(text, widths[at]!, columns[at]!.align))
      .join("  ")
      .trimEnd(),
  );
  return lines.map((line) => cut(line, width)).join("\n");
}

/** Field names and values, one a line. */
export function fields(pairs: readonly (readonly [string, string | null | undefined])[]): string {
  const told = pairs.filter((pair): pair is readonly [string, string] => pair[1] != null && pair[1] !== "");
  const width = Math.max(0, ...told.map(([name]) => length(name)));
  return told.map(([name, value]) => `${pad(name, width)}  ${value}`).join("\n");
}

/** `████████░░░░`: filled as far as `done` of `total`. */
export function bar(done: number, total: number, width = 24): string {
  const filled = total > 0 ? Math.round((Math.min(done, total) / total) * width) : 0;
  return "█".repeat(filled) + "░".repeat(width - filled);
}

export const figure = (n: number): string => new Intl.NumberFormat("en").format(n);

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${figure(n)} ${n === 1 ? one : many}`;

export const percent = (done: number, total: number): string =>
  `${total > 0 ? Math.floor((done / total) * 100) : 0} %`;

/** `0:42`, `1:05:00`. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `40 s`, `12 min`, `3.5 h`: a guess of how long something takes. */
export function about(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** `24 Nov 10:30 Asia/Kolkata`: a time somebody agreed to, by their clock, or by the reader's where theirs is not known. */
export function agreedTime(at: string, zone: string | null): string {
  const timeZone = zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const then = new Date(at).toLocaleString("en-GB", {
    timeZone,
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
  return `${then.replace(",", "")} ${timeZone}`;
}

/** `14:32:05` today, `Nov 22 14:32` on other days, in the reader's own zone. */
export function moment(at: string, now = new Date()): string {
  const then = new Date(at);
  const sameDay = then.toDateString() === now.toDateString();
  return sameDay
    ? then.toLocaleTimeString("en-GB")
    : then
        .toLocaleString("en-GB", { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" })
        .replace(",", "");
}

export function size(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? amount : amount.toFixed(1)} ${units[unit]}`;
}

/** Any value of a query as one cell. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const wide =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\u{1F300}-\u{1FAFF}]/u;
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
const length = (text: string): number =>
  Array.from(segmenter.segment(text), ({ segment }) => (wide.test(segment) ? 2 : 1)).reduce<number>(
    (sum, each) => sum + each,
    0,
  );

function pad(text: string, width: number, align: Align = "left"): string {
  const blank = " ".repeat(Math.max(0, width - length(text)));
  return align === "left" ? text + blank : blank + text;
}

const cut = (line: string, width: number): string =>
  length(line) <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
