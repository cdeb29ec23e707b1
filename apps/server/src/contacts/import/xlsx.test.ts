import { crc32, deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { sheetAsCsv, XLSX_BYTES_MAX } from "./xlsx.ts";

/** A workbook of one sheet, as spreadsheet programs write it. */
function workbook(rows: (string | number)[][], extra: Record<string, Buffer> = {}): Buffer {
  const cell = (value: string | number) =>
    typeof value === "number"
      ? `<c><v>${value}</v></c>`
      : `<c t="inlineStr"><is><t xml:space="preserve">${value.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</t></is></c>`;
  const ns = "http://schemas.openxmlformats.org";
  const letter = (at: number) => String.fromCharCode(65 + at);
  const sheet = rows
    .map(
      (row, at) =>
        `<row r="${at + 1}">${row.map((value, column) => cell(value).replace("<c", `<c r="${letter(column)}${at + 1}"`)).join("")}</row>`,
    )
    .join("");
  return zip({
    "[Content_Types].xml": Buffer.from(
      `<?xml version="1.0"?><Types xmlns="${ns}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`,
    ),
    "_rels/.rels": Buffer.from(
      `<?xml version="1.0"?><Relationships xmlns="${ns}/package/2006/relationships"><Relationship Id="rId1" Type="${ns}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ),
    "xl/workbook.xml": Buffer.from(
      `<?xml version="1.0"?><workbook xmlns="${ns}/spreadsheetml/2006/main" xmlns:r="${ns}/officeDocument/2006/relationships"><sheets><sheet name="Leads" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    ),
    "xl/_rels/workbook.xml.rels": Buffer.from(
      `<?xml version="1.0"?><Relationships xmlns="${ns}/package/2006/relationships"><Relationship Id="rId1" Type="${ns}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    ),
    "xl/worksheets/sheet1.xml": Buffer.from(
      `<?xml version="1.0"?><worksheet xmlns="${ns}/spreadsheetml/2006/main"><sheetData>${sheet}</sheetData></worksheet>`,
    ),
    ...extra,
  });
}

function zip(files: Record<string, Buffer>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, body] of Object.entries(files)) {
    const packed = deflateRawSync(body);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc32(body), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(body.length, 18);
    facts.writeUInt16LE(name.length, 22);
    locals.push(Buffer.from("504b0304", "hex"), facts, Buffer.from(name), packed);
    const entry = Buffer.alloc(16);
    entry.writeUInt32LE(at, 12);
    central.push(
      Buffer.from("504b01021400", "hex"),
      facts.subarray(0, 24),
      Buffer.alloc(2),
      entry.subarray(2),
      Buffer.from(name),
    );
    at += 30 + name.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 4);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...locals, directory, Buffer.from("504b0506", "hex"), end]);
}

test("a workbook's first sheet is read: texts as they are, telephone numbers whole", async () => {
  const csv = await sheetAsCsv(
    workbook([
      ["name", "phone", "notes"],
      ["Asha & Co", 919876543210, 'said "yes", left'],
      ["=1+1", "+91 98765 43211", ""],
    ]),
  );
  expect(csv.toString()).toBe(
    'name,phone,notes\r\nAsha & Co,919876543210,"said ""yes"", left"\r\n\'=1+1,\'+91 98765 43211,\r\n',
  );
});

test.each([
  ["another archive", () => zip({ "letter.txt": Buffer.from("hello") }), /packed archive/],
  ["a cut-off workbook", () => workbook([["name"]]).subarray(0, 500), /cut off/],
  [
    "a workbook made to burst",
    () => workbook([["name"]], { "xl/media/big": Buffer.alloc(200 * 1024 * 1024) }),
    /too large.*CSV UTF-8/,
  ],
  [
    "a workbook of rubbish",
    () => zip({ "xl/workbook.xml": Buffer.from("<rubbish") }),
    /could not be read.*CSV UTF-8/,
  ],
])("%s is refused with one clear sentence", async (_, make, sentence) => {
  await expect(sheetAsCsv(make())).rejects.toThrow(sentence);
});

test("a workbook beyond the limit is not even unpacked", () => {
  expect(() => sheetAsCsv(Buffer.alloc(XLSX_BYTES_MAX + 1))).toThrow(/too large/);
});
