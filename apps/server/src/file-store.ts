import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ParleyError } from "@parley/core/errors";

export type Stored = { bytes: number; sha256: string };

export type PutOptions = {
  /** `limit_reached` once the body is larger; nothing is kept then. */
  maxBytes?: number;
  /** Told how many bytes have arrived so far. */
  onProgress?: (bytes: number) => void;
  signal?: AbortSignal;
};

/** Files of tenants (uploads, recordings), by relative path: `uploads/<import id>`. */
export interface FileStore {
  /** Stores a body whole or not at all, replacing what was there. */
  put(body: Readable | Buffer, path: string, options?: PutOptions): Promise<Stored>;
  /** The bytes from `start` to `end` inclusive, or all; `not_found` when there is no such file. */
  read(path: string, range?: { start?: number; end?: number }): Promise<Readable>;
  /** Bytes, or null when there is no such file. */
  size(path: string): Promise<number | null>;
  remove(path: string): Promise<void>;
}

/** The store on a local or mounted directory. */
export function createFileStore(root: string): FileStore {
  const at = (path: string) => {
    const full = resolve(root, path);
    if (!full.startsWith(resolve(root) + sep)) throw new TypeError(`${path} leaves the file store`);
    return full;
  };
  return {
    async put(body, path, { maxBytes = Infinity, onProgress, signal } = {}) {
      const full = at(path);
      await mkdir(dirname(full), { recursive: true });
      const draft = join(dirname(full), `.${crypto.randomUUID()}.part`);
      const hash = createHash("sha256");
      let bytes = 0;
      const meter = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          bytes += chunk.length;
          if (bytes > maxBytes) return done(tooLarge(maxBytes));
          hash.update(chunk);
          onProgress?.(bytes);
          done(null, chunk);
        },
      });
      try {
        const from = Buffer.isBuffer(body) ? Readable.from([body]) : body;
        await pipeline(from, meter, createWriteStream(draft, { mode: 0o600 }), signal ? { signal } : {});
        const written = await open(draft, "r");
        await written.sync().finally(() => written.close());
        await rename(draft, full);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
      return { bytes, sha256: hash.digest("hex") };
    },
    async read(path, range = {}) {
      const stream = createReadStream(at(path), range);
      await new Promise<void>((done, fail) => {
        stream.once("open", () => done());
        stream.once("error", (error: NodeJS.ErrnoException) =>
          fail(
            error.code === "ENOENT" ? new ParleyError("not_found", "This file is no longer stored.") : error,
          ),
        );
      });
      return stream;
    },
    async size(path) {
      const found = await stat(at(path)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return null;
        throw error;
      });
      return found?.size ?? null;
    },
    remove: (path) => rm(at(path), { force: true }),
  };
}

function tooLarge(maxBytes: number): ParleyError {
  const megabytes = Math.max(1, Math.round(maxBytes / 1024 / 1024));
  return new ParleyError(
    "invalid",
    `The file is larger than ${megabytes} MB. Split it, or raise MAX_IMPORT_BYTES.`,
  );
}
