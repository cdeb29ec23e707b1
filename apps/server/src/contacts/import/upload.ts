import { Readable } from "node:stream";
import fastifyMultipart from "@fastify/multipart";
import type { FastifyRequest } from "fastify";
import { invalid, invalidInput } from "@parley/core/errors";
import { ImportUpload } from "@parley/core/imports/schema";
import { isRegion } from "@parley/core/phone";
import { enqueue, param, row, sql, touch } from "@parley/db";
import { audit } from "../../audit.ts";
import type { Ctx } from "../../context.ts";
import type { Stored } from "../../file-store.ts";
import { idempotently } from "../../idempotency.ts";
import type { Routes } from "../../routes.ts";
import { HEAD_BYTES, kindOf } from "./file-kind.ts";
import { spoolPath } from "./row.ts";

const ROUTE = "POST /api/imports";

/** `POST /api/imports`: keeps the file as it comes and answers; a job reads it. */
export const uploadRoutes: Routes = async (app, { parts, enter }) => {
  const { maxBytes } = parts.config.imports;
  app.removeAllContentTypeParsers();
  await app.register(fastifyMultipart, {
    limits: { files: 1, fields: 10, fieldSize: 1000, fileSize: maxBytes + 1 },
    throwFileSizeLimit: false,
  });
  // Whatever a program calls its CSV: the bytes tell what it is.
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.post("/api/imports", { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
    const ctx = await enter(request, ROUTE);
    return reply.code(201).send(await upload(ctx, request));
  });
};

async function upload(ctx: Ctx, request: FastifyRequest): Promise<{ importId: string }> {
  const given = ImportUpload.safeParse(request.query);
  if (!given.success) throw invalidInput(given.error);
  const { defaultRegion } = given.data;
  if (defaultRegion && !isRegion(defaultRegion))
    throw invalid(
      `defaultRegion: ${defaultRegion} is no country whose numbers we know. Use a code like IN or US.`,
    );
  const { maxBytes } = ctx.config.imports;
  if (Number(request.headers["content-length"]) > maxBytes + 64 * 1024) throw tooLarge(maxBytes);

  const importId = await ctx.db.tx(async (tx) => {
    const { id } = await row<{ id: string }>(tx, sql`select app.uuid7() as id`);
    return id;
  });
  const { body, fileName } = await fileOf(request);
  const stored = await ctx.files.put(recognised(body), spoolPath(importId), { maxBytes });
  const name = given.data.name || fileName || "Upload";
  try {
    const done = await once(ctx, request, { stored, name, defaultRegion }, (guarded) =>
      beginImport(guarded, importId, { stored, name, defaultRegion }),
    );
    // The same upload again: the first one has the file.
    if (done.importId !== importId) await ctx.files.remove(spoolPath(importId));
    return done;
  } catch (error) {
    await ctx.files.remove(spoolPath(importId));
    throw error;
  }
}

export type Upload = { stored: Stored; name: string; defaultRegion: string | undefined };

/** With an Idempotency-Key: the same file under the same key is one import. */
async function once(
  ctx: Ctx,
  request: FastifyRequest,
  its: Upload,
  act: (ctx: Ctx) => Promise<{ importId: string }>,
) {
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string" || key === "") return act(ctx);
  const { data } = await idempotently.run<{ data?: { importId: string } }>(
    ctx,
    {
      key: key.slice(0, 200),
      procedure: ROUTE,
      request: { sha256: its.stored.sha256, name: its.name, defaultRegion: its.defaultRegion ?? null },
    },
    async (guarded) => ({ data: await act(guarded) }),
  );
  return data!;
}

/** The row and the job of a file that is stored under this import's path. */
export function beginImport(
  ctx: Ctx,
  importId: string,
  { stored, name, defaultRegion }: Upload,
): Promise<{ importId: string }> {
  return ctx.db.tx(async (tx) => {
    await tx.query(
      sql`
      insert into imports (id, user_id, name, size_bytes, sha256, default_region, created_by, lease_until)
      select ${param(importId)}, u.id, ${param(name.slice(0, 200))}, ${param(stored.bytes)}, ${param(stored.sha256)},
        coalesce(${param(defaultRegion ?? null)}, u.default_region), ${param(ctx.person?.id ?? null)}, app.wall() + interval '30 seconds'
      from users u where u.id = ${param(ctx.user.id)}`.compile(),
    );
    await enqueue(tx, "contacts/import", { userId: ctx.user.id, importId });
    await audit(ctx, tx, {
      action: "import.uploaded",
      entity: "import",
      entityId: importId,
      changes: { name: [null, name.slice(0, 200)], bytes: [null, stored.bytes] },
    });
    await touch(tx, "imports", importId);
    return { importId };
  });
}

async function fileOf(request: FastifyRequest): Promise<{ body: Readable; fileName: string | null }> {
  if (!request.isMultipart()) {
    // Read so that a refusal does not close the connection before it is answered.
    return { body: Readable.from(request.raw.iterator({ destroyOnReturn: false })), fileName: null };
  }
  const part = await request.file();
  if (!part) throw invalid("The form has no file. Send it as the field “file”, or as the body itself.");
  return { body: part.file, fileName: part.filename };
}

/** Passes the bytes on once the first of them have shown what they are. */
function recognised(body: Readable): Readable {
  async function* passed() {
    let head: Buffer[] | null = [];
    let bytes = 0;
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (!head) {
        yield chunk;
        continue;
      }
      head.push(chunk);
      bytes += chunk.length;
      if (bytes < HEAD_BYTES) continue;
      const first = Buffer.concat(head);
      kindOf(first.subarray(0, HEAD_BYTES));
      head = null;
      yield first;
    }
    if (!head) return;
    const all = Buffer.concat(head);
    kindOf(all);
    yield all;
  }
  return Readable.from(passed());
}

function tooLarge(maxBytes: number) {
  return invalid(
    `The file is larger than ${Math.max(1, Math.round(maxBytes / 1024 / 1024))} MB. Split it, or raise MAX_IMPORT_BYTES.`,
  );
}
