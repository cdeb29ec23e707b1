import { notificationsProcedures as its } from "@parley/core/notifications/schema";
import { procedure, router } from "../trpc.ts";
import { listNotifications } from "./list.ts";
import { markRead } from "./mark-read.ts";

export const notificationsRouter = router({
  list: procedure
    .input(its.list.input)
    .output(its.list.output)
    .query(({ ctx, input }) => listNotifications(ctx, input)),
  markRead: procedure
    .input(its.markRead.input)
    .output(its.markRead.output)
    .mutation(({ ctx, input }) => markRead(ctx, input)),
});
