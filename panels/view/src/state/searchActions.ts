// What a user can do with a search.
import { isFailure } from "../app/server.ts";
import type { SavedParams, SearchParams } from "../generated.ts";
import { hasName, withTerm } from "../query/terms.ts";
import { withExcluded } from "./exclusion.ts";
import type { Filters } from "./options.ts";
import { savedSearchParams, searchParams, selectionFor, stateFrom } from "./params.ts";
import {
  changeOf,
  PAGE_ID,
  runComparison,
  runNextPage,
  runSearch,
  type SearchContext,
  setStatus,
  showInGrid,
} from "./requests.ts";
import { type Rating, ratingsOf, type StatusKind, withRating } from "./searchState.ts";
import { gridOf } from "./settling.ts";
import { clearState, getState, isNewestSearch, nextSearchId, updateState } from "./store.ts";

/** Searches for the query line with the current options. */
export async function search(context: SearchContext): Promise<void> {
  const { dataset } = context;
  const { ratedQuery, exclusion, query } = getState(dataset);
  // Ratings and exclusions belong to one query.
  if (ratedQuery !== query) updateState(dataset, { liked: [], disliked: [] });
  if (exclusion?.query !== query) updateState(dataset, { exclusion: null });
  const { selection: current, brainKey } = context.current();
  const selection = selectionFor(getState(dataset), current);
  updateState(dataset, { selection: hasName(query, "@selected") ? selection : null });
  const params = searchParams(getState(dataset), brainKey, selection);
  const hasUploads = Object.keys(params.uploads).length > 0;
  await runSearch(context, params, hasUploads ? "Embedding the image…" : "Searching…");
}

/** Adds the next page of results. */
export async function showMore(context: SearchContext): Promise<void> {
  const { neighbors } = getState(context.dataset);
  if (neighbors) await runNextPage(context, neighbors);
}

/** Searches again for the query of the results, with the ratings. */
export async function rerank(
  context: SearchContext,
  change: Partial<SearchParams> = {}
): Promise<void> {
  const state = getState(context.dataset);
  if (!state.neighbors) return;
  await runSearch(context, { ...state.neighbors.params, ...ratingsOf(state), ...change });
}

/** Changes where to search; searches again if there are results. */
export async function narrow(
  context: SearchContext,
  change: { scope: string } | { filters: Filters }
): Promise<void> {
  const { options } = getState(context.dataset);
  updateState(context.dataset, { options: { ...options, ...change } });
  await rerank(context, change);
}

/** Adds the samples selected in the grid to the query, and searches. */
export async function searchSelected(context: SearchContext): Promise<void> {
  const { query } = getState(context.dataset);
  if (!hasName(query, "@selected")) {
    updateState(context.dataset, { query: withTerm(query, "@selected") });
  }
  await search(context);
}

/** Searches for results that are similar to the selected samples only. */
export async function searchOnlySelected(context: SearchContext): Promise<void> {
  updateState(context.dataset, { query: "@selected" });
  await search(context);
}

/** Likes results; those that are liked already stay so. */
export function like({ dataset }: SearchContext, ids: string[]): void {
  const { liked } = ratingsOf(getState(dataset));
  const others = ids.filter((id) => !liked.includes(id));
  others.forEach((id) => updateState(dataset, withRating(getState(dataset), id, "liked")));
}

/** Removes results from those of the query, here and in the App's grid, until that is cleared. */
export async function exclude(context: SearchContext, ids: string[]): Promise<void> {
  const { server, dataset } = context;
  const change = withExcluded(getState(dataset), ids);
  if (!change?.neighbors) return;
  updateState(dataset, change);
  const { results, patches_field, params } = change.neighbors;
  const shown = { ids: results.map(({ id }) => id), patches_field, scope: params.scope };
  const answer = await server("show_results", { ...shown, ...gridOf(getState(dataset)) });
  if (isFailure(answer)) setStatus(dataset, "error", answer.error);
  else updateState(dataset, changeOf(answer));
}

/** Searches again without leaving out results. */
export async function clearExclusion(context: SearchContext): Promise<void> {
  const { neighbors } = getState(context.dataset);
  updateState(context.dataset, { exclusion: null });
  if (neighbors) await runSearch(context, { ...neighbors.params, exclude: [] });
}

/** Fills the page from a saved search, and runs it on request. */
export async function applySaved(
  context: SearchContext,
  params: SavedParams,
  isRun: boolean
): Promise<void> {
  updateState(context.dataset, stateFrom(params));
  const brainKey = params.brain_key ?? context.current().defaultBrainKey;
  if (isRun) await runSearch(context, savedSearchParams(params, brainKey));
}

/** Removes the results, and restores the view from before the first search. */
export async function clear({ server, dataset }: SearchContext): Promise<void> {
  const search_id = nextSearchId(dataset);
  clearState(dataset);
  const answer = await server("clear", { ...gridOf(getState(dataset)), page: PAGE_ID, search_id });
  if (!isNewestSearch(dataset, search_id) || "superseded" in answer) return;
  if (isFailure(answer)) setStatus(dataset, "error", answer.error);
  else updateState(dataset, { settling: answer });
}

/** The actions as functions without the context. */
export function bindActions(context: SearchContext) {
  const { dataset } = context;
  return {
    setStatus: (kind: StatusKind, text: string, notes?: string[]) =>
      setStatus(dataset, kind, text, notes),
    search: () => void search(context),
    showMore: () => void showMore(context),
    rerank: () => void rerank(context),
    rate: (id: string, rating: Rating) =>
      updateState(dataset, withRating(getState(dataset), id, rating)),
    searchSelected: () => void searchSelected(context),
    searchOnlySelected: () => void searchOnlySelected(context),
    like: (ids: string[]) => like(context, ids),
    exclude: (ids: string[]) => void exclude(context, ids),
    clearExclusion: () => void clearExclusion(context),
    applySaved: (params: SavedParams, isRun: boolean) => void applySaved(context, params, isRun),
    clear: () => void clear(context),
    narrow: (change: { scope: string } | { filters: Filters }) => void narrow(context, change),
    showInGrid: () => void showInGrid(context),
    compare: (other: { dataset: string; brain_key: string }) => void runComparison(context, other),
  };
}

export type SearchActions = ReturnType<typeof bindActions>;
