import { useCallback } from "react";
import { trpc } from "@/trpc.ts";
import { fieldName } from "./evidence.ts";

/** Fields under the labels their agent gives them; a field it no longer has keeps its key's words. */
export function useFieldNames(agentId: string): (key: string) => string {
  const { data: agent } = trpc.agents.get.useQuery({ agentId }, { staleTime: 300_000 });
  const fields = agent?.extraction;
  return useCallback((key) => fields?.find((field) => field.key === key)?.label ?? fieldName(key), [fields]);
}
