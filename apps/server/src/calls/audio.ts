import { Transform } from "node:stream";

const HEAD_BYTES = 12;

const ascii = (head: Buffer, at: number, text: string) =>
  head.subarray(at, at + text.length).equals(Buffer.from(text, "latin1"));

/** The media type of a recording that begins so; null for anything else, whatever it is called. */
export function audioKind(head: Buffer): string | null {
  if (ascii(head, 0, "RIFF") && ascii(head, 8, "WAVE")) return "audio/wav";
  if (ascii(head, 0, "ID3")) return "audio/mpeg";
  if (ascii(head, 0, "OggS")) return "audio/ogg";
  if (ascii(head, 0, "fLaC")) return "audio/flac";
  if (ascii(head, 4, "ftyp")) return "audio/mp4";
  if (ascii(head, 0, "#!AMR")) return "audio/amr";
  if (head.subarray(0, 4).equals(Buffer.from([0x1a, 0x45, 0xdf, 0xa3]))) return "audio/webm";
  const [first = 0, second = 0] = head;
  if (first !== 0xff) return null;
  if ((second & 0xf6) === 0xf0) return "audio/aac";
  // An MPEG frame of layer II or III; FF FE would be the mark of a text in UTF-16.
  return (second & 0xe0) === 0xe0 && [0x02, 0x04].includes(second & 0x06) ? "audio/mpeg" : null;
}

/** What came is no recording, and asking again would bring the same. */
export class NoAudio extends Error {}

/** Lets a body through once its first bytes are those of a recording; a page or a script ends the stream instead. */
export function audioOnly(): { through: Transform; type: () => string } {
  let head = Buffer.alloc(0);
  let kind: string | null = null;
  const notAudio = () => new NoAudio("What the provider sent is not a recording.");
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (kind) return done(null, chunk);
      head = Buffer.concat([head, chunk]);
      if (head.length < HEAD_BYTES) return done();
      kind = audioKind(head);
      return kind ? done(null, head) : done(notAudio());
    },
    flush: (done) => done(kind ? null : notAudio()),
  });
  return {
    through,
    type() {
      if (!kind) throw notAudio();
      return kind;
    },
  };
}
