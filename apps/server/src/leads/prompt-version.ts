import { ANALYSIS_PROMPT_VERSION } from "@parley/core/leads/analysis";

/** What a run is keyed by beside call and transcript: asking again on purpose is another version, and so another run. */
export const promptVersion = (reruns: number): string =>
  reruns === 0 ? ANALYSIS_PROMPT_VERSION : `${ANALYSIS_PROMPT_VERSION}r${reruns}`;
