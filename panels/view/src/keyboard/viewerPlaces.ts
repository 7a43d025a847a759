// Where the sample viewer is among results, and what its keys do.

/** A result by its place, and whether there are others after and before it. */
export function placeOf(ids: string[], place: number) {
  return { id: ids[place] ?? "", hasNext: place < ids.length - 1, hasPrevious: place > 0 };
}

export type ViewerAction = "tag" | "like" | "dislike";

const ACTIONS: Record<string, ViewerAction> = { t: "tag", g: "like", b: "dislike" };

/** What a key without a modifier does while the viewer shows a result. */
export function viewerAction(key: string, isField: boolean): ViewerAction | null {
  return isField ? null : (ACTIONS[key] ?? null);
}
