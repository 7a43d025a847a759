// Results that a user removes from those of a query.
import type { Exclusion, SearchState, ShownNeighbors } from "./searchState.ts";

/** The ids that a search for a query leaves out. */
export function excludedFor(exclusion: Exclusion | null, query: string): string[] {
  return exclusion?.query === query ? exclusion.ids : [];
}

/** The change that removes results, with the near-duplicates that are collapsed into them. */
export function withExcluded(
  { neighbors, exclusion }: Pick<SearchState, "neighbors" | "exclusion">,
  ids: string[]
): Pick<SearchState, "neighbors" | "exclusion"> | null {
  if (!neighbors || !ids.length) return null;
  const { query } = neighbors.params;
  const chosen = new Set(ids);
  const added = neighbors.results
    .filter(({ id }) => chosen.has(id))
    .flatMap(({ id, near_duplicate_ids = [] }) => [id, ...near_duplicate_ids]);
  const exclude = [...new Set([...excludedFor(exclusion, query), ...ids, ...added])];
  return { neighbors: without(neighbors, exclude), exclusion: { query, ids: exclude } };
}

/** The results without some ids, and the request that leaves them out. */
function without(neighbors: ShownNeighbors, exclude: string[]): ShownNeighbors {
  const removed = new Set(exclude);
  const isKept = ({ id }: { id: string }) => !removed.has(id);
  const results = neighbors.results.filter(isKept).map((result) => {
    const { near_duplicate_ids: duplicates } = result;
    if (!duplicates) return result;
    const kept = duplicates.filter((id) => !removed.has(id));
    return { ...result, near_duplicate_ids: kept, near_duplicates: kept.length };
  });
  return {
    ...neighbors,
    params: { ...neighbors.params, exclude },
    results,
    count: results.length,
    cutoff: neighbors.results.slice(0, neighbors.cutoff).filter(isKept).length,
  };
}
