import type { Outputs } from "@/trpc.ts";

/** A call as it arrives here, over JSON. */
export type Call = Outputs["calls"]["get"];
