import { Bell } from "lucide-react";
import { useState } from "react";
import { refusal, trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { cn } from "@/ui/cn.ts";
import { count } from "@/ui/format.ts";
import { Popover } from "@/ui/popover.tsx";
import { Ago } from "@/ui/time.tsx";
import { toast } from "@/ui/toast.ts";
import { localPath } from "@/search.ts";
import { useLiveQuery } from "./live.ts";

/** What happened while nobody looked: a campaign ended, stopped itself, credit ran out, an incident. */
export function Notices() {
  const [open, setOpen] = useState(false);
  const utils = trpc.useUtils();
  const { data } = trpc.notifications.list.useQuery({ limit: 20 }, useLiveQuery());
  const markRead = trpc.notifications.markRead.useMutation({
    onSuccess: () => void utils.notifications.invalidate(),
    onError: (error) => toast.error(refusal(error).message),
  });
  const unread = data?.unread ?? 0;
  return (
    <Popover
      label="Notices"
      align="end"
      className="w-[min(380px,calc(100vw-24px))]"
      open={open}
      onOpenChange={setOpen}
      trigger={
        <button
          type="button"
          aria-label={unread === 0 ? "Notices" : `Notices, ${count(unread)} unread`}
          className="relative grid size-10 place-items-center rounded-md text-ink-2 hover:bg-hover hover:text-ink lg:size-7"
        >
          <Bell className="size-4" strokeWidth={1.75} aria-hidden />
          {unread > 0 && (
            <span className="absolute -right-0.5 -top-0.5 min-w-3.5 rounded-full bg-accent px-1 text-center text-[10px] font-medium leading-[14px] text-on-accent max-lg:right-1 max-lg:top-1">
              {unread > 9 ? "9+" : unread}
            </span>
          )}
        </button>
      }
    >
      <div className="flex min-h-10 items-center border-b border-line px-4">
        <h2 className="font-semibold">Notices</h2>
        {unread > 0 && (
          <Button
            look="link"
            size="sm"
            className="ml-auto"
            busy={markRead.isPending}
            onClick={() => markRead.mutate({})}
          >
            Mark all read
          </Button>
        )}
      </div>
      {!data || data.items.length === 0 ? (
        <p className="px-4 py-4 text-ink-2">
          Nothing yet. When a campaign ends or stops itself, or credit runs out, it is told here.
        </p>
      ) : (
        <ul className="max-h-96 overflow-y-auto">
          {data.items.map((notice) => {
            const link = localPath(notice.link ?? undefined);
            const body = (
              <>
                <span className="flex items-baseline gap-2">
                  <span className={cn("min-w-0 grow", !notice.readAt && "font-medium")}>
                    {!notice.readAt && (
                      <span
                        className="mr-1.5 inline-block size-1.5 rounded-full bg-accent align-middle"
                        aria-label="unread"
                      />
                    )}
                    {notice.title}
                  </span>
                  <Ago at={notice.createdAt} className="text-xs text-ink-3" />
                </span>
                <span className="block text-xs text-ink-2">{notice.body}</span>
              </>
            );
            return (
              <li key={notice.id} className="border-b border-line last:border-b-0">
                {link ? (
                  <a
                    href={link}
                    className="block px-4 py-2 hover:bg-hover"
                    onClick={() => {
                      setOpen(false);
                      if (!notice.readAt) markRead.mutate({ ids: [notice.id] });
                    }}
                  >
                    {body}
                  </a>
                ) : (
                  <div className="px-4 py-2">{body}</div>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </Popover>
  );
}
