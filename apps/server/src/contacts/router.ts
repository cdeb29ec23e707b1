import {
  consentsProcedures,
  contactsProcedures as its,
  customFieldsProcedures,
  suppressionsProcedures,
  tagsProcedures,
  timelineProcedures,
} from "@parley/core/contacts/schema";
import { procedure, router } from "../trpc.ts";
import { listReceipts, recordConsent, revokeConsent } from "./consents.ts";
import { createContact } from "./create.ts";
import { contactById } from "./row.ts";
import { listContacts } from "./list.ts";
import { suppressContact, unsuppressContact } from "./suppress.ts";
import { addSuppressions, listSuppressions, removeSuppression } from "./suppressions.ts";
import { updateContact } from "./update.ts";
import { listFields, listTags, listTimeline } from "./words.ts";

export const contactsRouter = router({
  list: procedure
    .input(its.list.input)
    .output(its.list.output)
    .query(({ ctx, input }) => listContacts(ctx, input)),
  get: procedure
    .input(its.get.input)
    .output(its.get.output)
    .query(({ ctx, input }) => ctx.db.tx((tx) => contactById(tx, input.contactId))),
  create: procedure
    .input(its.create.input)
    .output(its.create.output)
    .mutation(({ ctx, input }) => createContact(ctx, input)),
  update: procedure
    .input(its.update.input)
    .output(its.update.output)
    .mutation(({ ctx, input }) => updateContact(ctx, input)),
  suppress: procedure
    .input(its.suppress.input)
    .output(its.suppress.output)
    .mutation(({ ctx, input }) => suppressContact(ctx, input)),
  unsuppress: procedure
    .input(its.unsuppress.input)
    .output(its.unsuppress.output)
    .mutation(({ ctx, input }) => unsuppressContact(ctx, input)),
});

export const consentsRouter = router({
  add: procedure
    .input(consentsProcedures.add.input)
    .output(consentsProcedures.add.output)
    .mutation(({ ctx, input }) => recordConsent(ctx, input)),
  revoke: procedure
    .input(consentsProcedures.revoke.input)
    .output(consentsProcedures.revoke.output)
    .mutation(({ ctx, input }) => revokeConsent(ctx, input)),
  receipts: procedure
    .input(consentsProcedures.receipts.input)
    .output(consentsProcedures.receipts.output)
    .query(({ ctx, input }) => listReceipts(ctx, input)),
});

export const suppressionsRouter = router({
  list: procedure
    .input(suppressionsProcedures.list.input)
    .output(suppressionsProcedures.list.output)
    .query(({ ctx, input }) => listSuppressions(ctx, input)),
  add: procedure
    .input(suppressionsProcedures.add.input)
    .output(suppressionsProcedures.add.output)
    .mutation(({ ctx, input }) => addSuppressions(ctx, input)),
  remove: procedure
    .input(suppressionsProcedures.remove.input)
    .output(suppressionsProcedures.remove.output)
    .mutation(({ ctx, input }) => removeSuppression(ctx, input)),
});

export const tagsRouter = router({
  list: procedure
    .input(tagsProcedures.list.input)
    .output(tagsProcedures.list.output)
    .query(({ ctx }) => listTags(ctx)),
});

export const customFieldsRouter = router({
  list: procedure
    .input(customFieldsProcedures.list.input)
    .output(customFieldsProcedures.list.output)
    .query(({ ctx }) => listFields(ctx)),
});

export const timelineRouter = router({
  list: procedure
    .input(timelineProcedures.list.input)
    .output(timelineProcedures.list.output)
    .query(({ ctx, input }) => listTimeline(ctx, input)),
});
