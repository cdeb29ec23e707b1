import { Check, CircleAlert, X } from "lucide-react";
import { Toast as Primitive } from "radix-ui";
import { useSyncExternalStore } from "react";
import { noticeStore } from "./toast.ts";

/** Mount once, in the shell. */
export default function Toasts() {
  const shown = useSyncExternalStore(noticeStore.subscribe, noticeStore.get);
  return (
    <Primitive.Provider duration={6000} swipeDirection="right" label="Notice">
      {shown.map((notice) => (
        <Primitive.Root
          key={notice.id}
          type={notice.kind === "error" ? "foreground" : "background"}
          {...(notice.kind === "error" ? { duration: Number.POSITIVE_INFINITY } : {})}
          onOpenChange={(open) => !open && noticeStore.dismiss(notice.id)}
          className="enter-pop flex min-h-10 items-center gap-2 rounded-lg bg-raised py-1.5 pl-3 pr-1.5 text-sm text-ink shadow-pop"
        >
          {notice.kind === "error" ? (
            <CircleAlert className="size-4 shrink-0 text-bad-ink" strokeWidth={1.75} aria-hidden />
          ) : (
            <Check className="size-4 shrink-0 text-ok-ink" strokeWidth={2} aria-hidden />
          )}
          <Primitive.Description className="min-w-0 grow py-0.5">{notice.words}</Primitive.Description>
          {notice.undo && (
            <Primitive.Action
              altText="Undo"
              onClick={notice.undo}
              className="h-7 rounded-md px-2 font-medium text-accent-ink hover:bg-hover"
            >
              Undo
            </Primitive.Action>
          )}
          <Primitive.Close
            aria-label="Close notice"
            className="grid size-7 place-items-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
          >
            <X className="size-3.5" strokeWidth={1.75} aria-hidden />
          </Primitive.Close>
        </Primitive.Root>
      ))}
      {/* Above the foot of a page that has one: its first button is what people press next. */}
      <Primitive.Viewport className="fixed bottom-[72px] right-4 z-50 flex w-[min(420px,calc(100vw-32px))] flex-col gap-2 outline-none lg:bottom-4 max-lg:[body:has([data-page-footer])_&]:bottom-36 lg:[body:has([data-page-footer])_&]:bottom-[72px]" />
    </Primitive.Provider>
  );
}
