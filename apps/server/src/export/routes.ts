import { ContactFilter } from "@parley/core/contacts/filter";
import { Id } from "@parley/core/fields";
import { invalidInput } from "@parley/core/errors";
import * as z from "zod";
import { audit } from "../audit.ts";
import type { Ctx } from "../context.ts";
import type { Routes } from "../routes.ts";
import { contactsFile } from "./contacts.ts";
import { download } from "./csv-file.ts";
import { callsFile, itemsFile, leadsFile, ledgerFile, suppressionsFile } from "./tables.ts";

/** The filter of the contact list as it stands in a URL: `?tags=vip,delhi&suppressed=false`. */
const ContactsQuery = z.preprocess((query) => {
  const { tags, suppressed, ...rest } = query as Record<string, string | string[] | undefined>;
  return {
    ...rest,
    ...(tags === undefined ? {} : { tags: [tags].flat().flatMap((tag) => tag.split(",")) }),
    ...(suppressed === undefined ? {} : { suppressed: suppressed === "true" }),
  };
}, ContactFilter);
const CampaignQuery = z.strictObject({ campaignId: Id.optional() });
const NoQuery = z.strictObject({});

const files = {
  contacts: { query: ContactsQuery, lines: contactsFile },
  calls: { query: CampaignQuery, lines: callsFile },
  items: { query: CampaignQuery, lines: itemsFile },
  ledger: { query: NoQuery, lines: ledgerFile },
  leads: { query: CampaignQuery, lines: leadsFile },
  suppressions: { query: NoQuery, lines: suppressionsFile },
};

/** `GET /api/export/….csv`: each table of a workspace as a file; who took one stands in the audit log. */
export const exportRoutes: Routes = (app, { enter }) => {
  for (const name of Object.keys(files) as (keyof typeof files)[]) {
    app.get(`/api/export/${name}.csv`, async (request, reply) => {
      const ctx = await enter(request, `GET /api/export/${name}.csv`);
      const { query, lines } = files[name];
      const asked = query.safeParse(request.query);
      if (!asked.success) throw invalidInput(asked.error);
      await written(ctx, name);
      return download(reply, name, await lines(ctx, asked.data as never));
    });
  }
};

const written = (ctx: Ctx, table: string) =>
  ctx.db.tx((tx) => audit(ctx, tx, { action: "data.exported", entity: table }));
