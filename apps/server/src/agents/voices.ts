import type { Voice } from "@parley/core/agents/schema";
import type { Ctx } from "../context.ts";

/** Voices an agent may be given, as the provider offers them now. */
export async function listVoices(ctx: Ctx): Promise<{ items: (Voice & { accent: string | null })[] }> {
  const voices = await ctx.providers.bolna.voices();
  return {
    items: voices.map(({ provider, name, voice_id, model, accent }) => ({
      provider,
      voice: name,
      voiceId: voice_id,
      ...(model ? { model } : {}),
      accent: accent ?? null,
    })),
  };
}
