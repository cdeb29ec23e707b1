import type { Outputs } from "@/trpc.ts";

/** A campaign and its figures as they arrive here, over JSON. */
export type Campaign = Outputs["campaigns"]["get"];
export type Progress = Outputs["campaigns"]["progress"];
export type Item = Outputs["campaigns"]["items"]["items"][number];
