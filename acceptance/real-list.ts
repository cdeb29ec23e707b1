import { readFileSync } from "node:fs";
import { rowReasons, type RowReason } from "@parley/core/contacts/row";

/** How a number with a part to play must end, as docs/sandbox.md promises. */
export type ExpectedEnd = {
  number: string;
  status: string;
  outcome: string;
  item: string;
  rings: number;
  attempts: number;
  price: number;
};

const page = readFileSync(new URL("../docs/sandbox.md", import.meta.url), "utf8");

export const expectedEnds: ExpectedEnd[] = [...page.matchAll(/^\| (\d{4}) \|(.*)\|$/gm)].map((line) => {
  const [, status = "", outcome = "", item = "", rings, attempts, price] = line[2]!
    .split("|")
    .map((cell) => cell.trim());
  return {
    number: line[1]!,
    status,
    outcome,
    item,
    rings: Number(rings),
    attempts: Number(attempts),
    price: Number(price),
  };
});

/** Reasons that no row can have here: every list has a country, so a national number always has one. */
const unreachable: RowReason[] = ["phone_no_country"];

const quoted = (cell: string) => (/[;"\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const line = (...cells: string[]) => cells.map(quoted).join(";");

/** Rows that are not taken, one for each reason. */
const badRows: Record<Exclude<RowReason, "phone_no_country">, string> = {
  phone_missing: line("No Number", "n/a", "none@list.example"),
  phone_invalid: line("Wrong Number", "+91 12345", ""),
  phone_scientific_notation: line("From a Spreadsheet", "9.87655E+09", ""),
  phone_several: line("Two Numbers", "98123 50001 / 98123 50002", ""),
  phone_extension: line("Front Desk", "+1 415 867 5309 ext. 12", ""),
  phone_not_callable: line("Premium Line", "+44 909 879 0000", ""),
  too_long: line("x".repeat(300), "98123 59999", ""),
  too_many_tags: line(
    "Tagged",
    "98123 59998",
    "",
    "",
    "",
    Array.from({ length: 60 }, (_, n) => `t${n}`).join(","),
  ),
  too_many_cells: line("Shifted", "98123 59997", "", "", "", "", "fair", "one more"),
  empty_row: ";;;;;;",
  duplicate_in_file: line("Again", "+91 98123-61101", ""),
  row_unreadable: `Stray;"98123" 59996;;;;;`,
};

export type RealList = {
  csv: Buffer<ArrayBuffer>;
  /** Numbers with a part to play, as truth writes them. */
  magic: { phone: string; end: ExpectedEnd }[];
  rows: number;
  good: number;
  reasons: Record<string, number>;
};

/**
 * A list as people export it: byte order mark, semicolons, quoted cells with delimiters and line ends in them, CRLF,
 * numbers written in three ways, duplicates, a bad row of every kind; every number with a part to play, under an Indian
 * and an American prefix.
 */
export function realList(rows = 300): RealList {
  const ways = [
    (national: string) => `0${national.slice(0, 5)}-${national.slice(5)}`,
    (national: string) => `+91 ${national.slice(0, 5)} ${national.slice(5)}`,
    (national: string) => `0091${national}`,
  ];
  const person = (n: number) => [`Priya Nair ${n}`, `"Rao, Asha" ${n}`, `O'Brien; Meera ${n}`][n % 3]!;
  const about = (n: number) => (n % 5 === 0 ? `Said:\r\n"call me"; later` : "fair");
  const good: string[] = [];
  const magic: RealList["magic"] = [];
  for (const [n, end] of expectedEnds.entries()) {
    const indian = `981234${end.number}`;
    good.push(
      line(
        person(n),
        ways[n % 3]!(indian),
        `p${n}@list.example`,
        "Blue; Dental",
        "Pune",
        "vip,july",
        about(n),
      ),
    );
    good.push(line(person(n + 1), `+1 (415) 867-${end.number}`, "", "", "San Francisco", "", about(n)));
    magic.push({ phone: `+91${indian}`, end }, { phone: `+1415867${end.number}`, end });
  }
  const bad = Object.values(badRows);
  for (let n = 0; good.length + bad.length < rows; n++)
    good.push(line(person(n), ways[n % 3]!(`98123${61_101 + n}`), "", "Green Optics", "", "", about(n)));
  // The bad ones stand among the good ones; the duplicate behind the row it repeats.
  const body = [...good];
  for (const [n, row] of bad.entries()) body.splice(good.length - n * 3, 0, row);
  const header = "Full Name;Mobile Number;E-mail;Company;City;Tags;Lead Source";
  return {
    csv: Buffer.from(`\ufeff${[header, ...body].join("\r\n")}\r\n`),
    magic,
    rows: body.length,
    good: good.length,
    reasons: Object.fromEntries(
      rowReasons.filter((reason) => !unreachable.includes(reason)).map((reason) => [reason, 1]),
    ),
  };
}
