import { Tooltip as Primitive } from "radix-ui";
import type { ReactNode } from "react";

/** Shared delay, so that moving along a toolbar shows the second tooltip at once. */
export const TooltipProvider = ({ children }: { children: ReactNode }) => (
  <Primitive.Provider delayDuration={400} skipDelayDuration={300}>
    {children}
  </Primitive.Provider>
);

/** Words beside a control: on hover, on focus, and while pointed at. */
export function Tooltip({
  words,
  children,
  side = "bottom",
}: {
  words: ReactNode;
  children: ReactNode;
  side?: "top" | "bottom" | "left" | "right";
}) {
  if (words === null || words === undefined || words === "") return children;
  return (
    <Primitive.Root>
      <Primitive.Trigger asChild>{children}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="enter-pop z-50 max-w-72 rounded-md bg-raised px-2 py-1 text-xs text-ink shadow-pop"
        >
          {words}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
