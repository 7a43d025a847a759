/** The ids of the samples selected in the App's grid: as positive and as negative examples. */
export interface Selection {
  selected: string[];
  alt: string[];
}

export const NO_SELECTION: Selection = { selected: [], alt: [] };

export function countSelected({ selected, alt }: Selection): number {
  return selected.length + alt.length;
}
