import { Tabs as Primitive } from "radix-ui";
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { cn } from "./cn.ts";

export interface Tab<Value extends string> {
  value: Value;
  label: string;
  count?: ReactNode;
}

/** Tabs that sit on the rule below them. Their value belongs in the URL. */
export function Tabs<Value extends string>({
  value,
  onValue,
  tabs,
  label,
  aside,
  children,
  className,
}: {
  value: Value;
  onValue: (value: Value) => void;
  tabs: Tab<Value>[];
  label: string;
  aside?: ReactNode;
  children?: ReactNode;
  className?: string;
}) {
  const list = useRef<HTMLDivElement>(null);
  // On a phone the chosen tab may stand beyond the edge.
  useEffect(() => {
    const chosen = list.current?.querySelector<HTMLElement>("[aria-selected=true]");
    if (list.current && chosen)
      list.current.scrollLeft =
        chosen.offsetLeft - (list.current.clientWidth - chosen.offsetWidth) / 2 - list.current.offsetLeft;
  }, [value]);

  return (
    <Primitive.Root value={value} onValueChange={(next) => onValue(next as Value)} activationMode="manual">
      <div className={cn("flex items-center gap-3 border-b border-line px-4 lg:px-5", className)}>
        <Primitive.List
          ref={list}
          aria-label={label}
          className="-mb-px flex gap-5 overflow-x-auto"
          data-inset-focus
        >
          {tabs.map((tab) => (
            <Primitive.Trigger
              key={tab.value}
              value={tab.value}
              className="flex h-11 items-center gap-1.5 whitespace-nowrap border-b-2 border-transparent text-ink-2 hover:text-ink data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink lg:h-9"
            >
              {tab.label}
              {tab.count !== undefined && <span className="tnum font-normal text-ink-3">{tab.count}</span>}
            </Primitive.Trigger>
          ))}
        </Primitive.List>
        {aside && <div className="ml-auto flex items-center gap-1">{aside}</div>}
      </div>
      {children}
    </Primitive.Root>
  );
}

/** The region of one tab. */
export const TabPanel = ({
  value,
  children,
  className,
}: {
  value: string;
  children: ReactNode;
  className?: string;
}) => (
  <Primitive.Content value={value} className={cn("outline-none", className)}>
    {children}
  </Primitive.Content>
);
