import { emptyDraft } from "./draft.ts";
import type { DraftForm } from "./draft.ts";

const keyOf = (workspaceId: string) => `parley.unsaved-campaign.${workspaceId}`;

/** What was typed in this tab and not saved: Back or a reload brings it again. */
export function unsavedDraft(workspaceId: string): DraftForm | null {
  try {
    const kept = sessionStorage.getItem(keyOf(workspaceId));
    return kept ? { ...emptyDraft, ...(JSON.parse(kept) as Partial<DraftForm>) } : null;
  } catch {
    return null;
  }
}

/** Keeps the form in this tab; one nobody has touched is not kept. */
export function keepUnsaved(workspaceId: string, form: DraftForm): void {
  if (JSON.stringify(form) === JSON.stringify(emptyDraft)) return forgetUnsaved(workspaceId);
  try {
    sessionStorage.setItem(keyOf(workspaceId), JSON.stringify(form));
  } catch {
    // A list of people too long to be kept is left out, not the typing interrupted.
  }
}

export const forgetUnsaved = (workspaceId: string): void => sessionStorage.removeItem(keyOf(workspaceId));
