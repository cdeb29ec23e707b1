import { isAscii } from "node:buffer";
import { invalid } from "@parley/core/errors";

/** What an upload is, by its first bytes; a name or content type proves nothing. */
export type FileKind = "text" | "xlsx";

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";

/** As people read it. */
export const encodingNames: Record<Encoding, string> = {
  "utf-8": "UTF-8",
  "utf-16le": "UTF-16LE",
  "utf-16be": "UTF-16BE",
  "windows-1252": "Windows-1252",
};

/** Enough to know every kind below. */
export const HEAD_BYTES = 4096;

const cure = "Open it in your spreadsheet program, save it as “CSV UTF-8”, and upload that file.";

const packed = "This is a packed archive. Unpack it and upload the CSV file in it.";
const picture = "This is a picture or a recording. Upload the list as a CSV or .xlsx file.";

/** First bytes, as Latin-1. */
const signatures: [start: string, sentence: string][] = [
  ["\u00d0\u00cf\u0011\u00e0", `This is an old Excel file (.xls). ${cure}`],
  ["%PDF", "This is a PDF. Upload the list as a CSV or .xlsx file."],
  ["\u001f\u008b", packed],
  ["Rar!", packed],
  ["7z\u00bc\u00af", packed],
  ["GIF8", picture],
  ["\u0089PNG", picture],
  ["\u00ff\u00d8\u00ff", picture],
  ["RIFF", picture],
];

/** First characters after blanks. */
const markups: [start: RegExp, sentence: string][] = [
  [/^\s*<\?xml/i, `This is an XML file, however it is named. ${cure}`],
  [
    /^\s*<(!doctype|html|head|body|table|meta|style|div)\b/i,
    `This is a web page, however it is named. ${cure}`,
  ],
  [/^\s*[[{]\s*["{[]/, "This is JSON. Upload the list as a CSV or .xlsx file."],
];

/** The kind of a file by its head (up to HEAD_BYTES); `invalid` names what it is and what to do instead. */
export function kindOf(head: Buffer): FileKind {
  if (head.every((byte) => byte === 32 || (byte >= 9 && byte <= 13)))
    throw invalid("The file is empty. Choose the file with your contacts.");
  const bytes = head.toString("latin1");
  if (bytes.startsWith("PK\u0003\u0004")) return "xlsx";
  const text = bytes.replace(/^\xef\xbb\xbf/, "");
  const is = [
    ...signatures.filter(([start]) => bytes.startsWith(start)),
    ...markups.filter(([start]) => start.test(text)),
  ][0];
  if (is) throw invalid(is[1]);
  if (wideEncoding(head) === null && looksBinary(head))
    throw invalid(
      "This is no text file: it cannot be read as a list of contacts. Upload a CSV or .xlsx file.",
    );
  return "text";
}

/** UTF-16 by its mark, or by the zeros that Latin letters leave in every other byte. */
export function wideEncoding(head: Buffer): "utf-16le" | "utf-16be" | null {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const pairs = Math.floor(Math.min(head.length, 1024) / 2);
  if (pairs < 8) return null;
  let [even, odd] = [0, 0];
  for (let at = 0; at < pairs * 2; at += 2) {
    if (head[at] === 0) even += 1;
    if (head[at + 1] === 0) odd += 1;
  }
  if (odd > pairs * 0.6 && even < pairs * 0.1) return "utf-16le";
  if (even > pairs * 0.6 && odd < pairs * 0.1) return "utf-16be";
  return null;
}

function looksBinary(head: Buffer): boolean {
  let controls = 0;
  for (const byte of head) if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) controls += 1;
  return controls > head.length * 0.05;
}

/**
 * The encoding of a whole text. Letters of an old Windows program may first come in the last megabyte, so the head
 * alone does not tell; a few broken characters in a UTF-8 file do not make it another encoding.
 */
export async function encodingOf(chunks: AsyncIterable<Buffer>): Promise<Encoding> {
  const decoder = new TextDecoder("utf-8");
  let [foreign, broken] = [0, 0];
  let first = true;
  let whole = true;
  for await (const chunk of chunks) {
    if (first) {
      const wide = wideEncoding(chunk);
      if (wide) return wide;
      first = false;
    }
    if (whole && isAscii(chunk)) continue;
    const text = decoder.decode(chunk, { stream: true });
    // A character cut by the chunk's end is pending in the decoder, so the next chunk has to go through it.
    whole = (chunk.at(-1) ?? 0) < 0x80;
    for (const [letters] of text.matchAll(/[^\0-\x7f]+/g)) {
      foreign += letters.length;
      if (letters.includes("\ufffd")) broken += letters.split("\ufffd").length - 1;
    }
  }
  return broken > foreign * 0.1 ? "windows-1252" : "utf-8";
}

/** The text of a stream of bytes, without a byte order mark. */
export async function* decoded(chunks: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (text) yield text;
  }
  const rest = decoder.decode();
  if (rest) yield rest;
}
