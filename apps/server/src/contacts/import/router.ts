import { importsProcedures as its } from "@parley/core/imports/schema";
import { procedure, router } from "../../trpc.ts";
import { commitImport } from "./commit.ts";
import { getImport, listImports } from "./get.ts";
import { setMapping } from "./set-mapping.ts";
import { cancelImport, undoImport } from "./undo.ts";

export const importsRouter = router({
  list: procedure
    .input(its.list.input)
    .output(its.list.output)
    .query(({ ctx, input }) => listImports(ctx, input)),
  get: procedure
    .input(its.get.input)
    .output(its.get.output)
    .query(({ ctx, input }) => getImport(ctx, input)),
  setMapping: procedure
    .input(its.setMapping.input)
    .output(its.setMapping.output)
    .mutation(({ ctx, input }) => setMapping(ctx, input)),
  commit: procedure
    .input(its.commit.input)
    .output(its.commit.output)
    .mutation(({ ctx, input }) => commitImport(ctx, input)),
  cancel: procedure
    .input(its.cancel.input)
    .output(its.cancel.output)
    .mutation(({ ctx, input }) => cancelImport(ctx, input)),
  undo: procedure
    .input(its.undo.input)
    .output(its.undo.output)
    .mutation(({ ctx, input }) => undoImport(ctx, input)),
});
