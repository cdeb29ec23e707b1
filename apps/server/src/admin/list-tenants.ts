import type * as z from "zod";
import { Id } from "@parley/core/fields";
import type { adminProcedures, SystemState, Tenant } from "@parley/core/ops/schema";
import { param, row, rows, sql } from "@parley/db";
import { cursorOf, fetchLimit, pageOf } from "../page.ts";
import type { RequestContext } from "../trpc.ts";

type Input = z.output<(typeof adminProcedures)["tenants"]["input"]>;

/** Every tenant with its figures, newest first, and the state of the whole system. */
export async function listTenants({ parts }: RequestContext, input: Input) {
  const before = cursorOf(input, Id);
  const search = input.search ? input.search.replace(/[\\%_]/g, "\\$&") : null;
  const { pool } = parts.db.web;
  const found = await rows<z.infer<typeof Tenant>>(
    pool,
    sql`select id, company, email, status, credits, held, concurrent_limit as "concurrentLimit", live, members, contacts,
        running_campaigns as "runningCampaigns", created_at as "createdAt"
      from app.admin_tenants(${param(search)}, ${param(before)}::uuid, ${param(fetchLimit(input))})`,
  );
  const page = pageOf(
    found,
    input,
    ({ id }) => id,
    (tenant) => tenant,
  );
  const system = await row<z.infer<typeof SystemState>>(
    pool,
    sql`select system_limit as "systemLimit", app.direct_reserve() as "directReserve", live, dialling_paused as "diallingPaused",
      dialling_paused_reason as "diallingPausedReason" from app.admin_system()`,
  );
  return { ...page, system };
}
