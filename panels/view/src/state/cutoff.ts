import type { ResultRow } from "../generated.ts";
import type { SearchState } from "./searchState.ts";

export interface Cutoff {
  /** How many results are above the cutoff. */
  position: number;
  /** Whether the user moved it. */
  isManual: boolean;
  /** The results that actions apply to: all, or only those above the cutoff. */
  included: ResultRow[];
}

/** The score cutoff of the results. */
export function cutoffOf(
  state: Pick<SearchState, "neighbors" | "cutoff" | "hidesBelowCutoff">
): Cutoff {
  const { neighbors, cutoff, hidesBelowCutoff } = state;
  if (!neighbors) return { position: 0, isManual: false, included: [] };
  const { results, cutoff: automatic } = neighbors;
  const position = Math.min(cutoff ?? automatic, results.length);
  return {
    position,
    isManual: cutoff !== null && cutoff !== automatic,
    included: hidesBelowCutoff ? results.slice(0, position) : results,
  };
}
