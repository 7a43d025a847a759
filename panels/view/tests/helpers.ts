// The objects that several tests start from.
import type { SearchAnswer, ResultRow, SearchParams } from "../src/generated.ts";
import type { ShownNeighbors } from "../src/state/searchState.ts";

export function resultOf(id: string, changes: Partial<ResultRow> = {}): ResultRow {
  return {
    rank: 1,
    id,
    sample_id: id,
    filepath: `/images/${id}.jpg`,
    distance: 0.5,
    score: 0.5,
    percentile: 99,
    relevance: 0.75,
    band: "likely",
    near_duplicates: 0,
    ...changes,
  };
}

export function requestOf(changes: Partial<SearchParams> = {}): SearchParams {
  return {
    query: "a car",
    brain_key: "clip",
    k: "25",
    scope: "view",
    reverse: false,
    thresh: null,
    templates: "off",
    diversity: 0,
    collapse: false,
    hubness: false,
    selected: [],
    alt: [],
    uploads: {},
    liked: [],
    disliked: [],
    exclude: [],
    filters: {},
    skip: 0,
    ...changes,
  };
}

export function neighborsOf(ids: string[], changes: Partial<SearchAnswer> = {}): SearchAnswer {
  return {
    query: '"a car"',
    brain_key: "clip",
    metric: "cosine",
    patches_field: null,
    count: ids.length,
    best_score: 0.5,
    milliseconds: 12.4,
    explanation: [],
    notes: [],
    cutoff: ids.length,
    has_more: true,
    verdict: null,
    pinned: [],
    results: ids.map((id) => resultOf(id)),
    ...changes,
  };
}

export function shownOf(
  ids: string[],
  params: Partial<SearchParams> = {},
  changes: Partial<SearchAnswer> = {}
): ShownNeighbors {
  const request = { params: requestOf(params), index_version: "1", searchedAt: 1_000 };
  return { ...neighborsOf(ids, changes), ...request };
}
