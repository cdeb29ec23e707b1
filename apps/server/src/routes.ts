import type { FastifyInstance, FastifyRequest } from "fastify";
import type { RoutePath } from "@parley/core/accounts/permissions";
import { recordingRoutes } from "./calls/recording.ts";
import { webhookRoutes } from "./calls/webhook.ts";
import { rejectsRoutes } from "./contacts/import/rejects.ts";
import { uploadRoutes } from "./contacts/import/upload.ts";
import { suppressionRoutes } from "./contacts/import-suppressions.ts";
import type { Ctx, Parts } from "./context.ts";
import { exportRoutes } from "./export/routes.ts";

export type Doors = {
  parts: Parts;
  /** The tenant's context of a request that may use this route; throws as a procedure would. Call it first. */
  enter: (request: FastifyRequest, route: RoutePath) => Promise<Ctx>;
};

/** Plain HTTP routes of a slice, in a scope of their own: body parsers added there stay there. */
export type Routes = (app: FastifyInstance, doors: Doors) => void | Promise<void>;

/** Every plain route, slice by slice. */
export const routes: Routes[] = [
  exportRoutes,
  recordingRoutes,
  rejectsRoutes,
  suppressionRoutes,
  uploadRoutes,
  webhookRoutes,
];
