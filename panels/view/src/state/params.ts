// The page's state as a request, and a saved request as the page's state.
import type { SavedParams, SearchParams, UploadedImage } from "../generated.ts";
import { hasName } from "../query/terms.ts";
import { DEFAULT_OPTIONS, OPTION_NAMES, optionsFrom } from "./options.ts";
import { excludedFor } from "./exclusion.ts";
import type { SearchState } from "./searchState.ts";
import { countSelected, NO_SELECTION, type Selection } from "./selection.ts";

/** The request for what the page's state says. */
export function searchParams(
  state: Pick<SearchState, "query" | "uploads" | "liked" | "disliked" | "options" | "exclusion">,
  brainKey: string,
  selection: Selection
): SearchParams {
  const { query, uploads, liked, disliked, options, exclusion } = state;
  const used = Object.entries(uploads).filter(([name]) => hasName(query, `@${name}`));
  return {
    ...options,
    ...selection,
    query,
    uploads: Object.fromEntries(
      used.map(([name, { url: _url, ...image }]): [string, UploadedImage] => [name, image])
    ),
    liked,
    disliked,
    exclude: excludedFor(exclusion, query),
    brain_key: brainKey,
    thresh: String(options.thresh).trim() === "" ? null : Number(options.thresh),
    skip: 0,
  };
}

/** The request of a saved search. */
export function savedSearchParams(params: SavedParams, brainKey: string): SearchParams {
  const ratings = { liked: [], disliked: [] };
  const state = { query: "", uploads: {}, ...ratings, options: DEFAULT_OPTIONS, exclusion: null };
  return { ...searchParams({ ...state, ...stateFrom(params) }, brainKey, NO_SELECTION), ...params };
}

/**
 * The selection that a query uses: the current one, or else the one of the last search, because the
 * App clears the selection when the grid shows the results.
 */
export function selectionFor(
  { query, selection }: Pick<SearchState, "query" | "selection">,
  current: Selection
): Selection {
  if (!hasName(query, "@selected")) return NO_SELECTION;
  return countSelected(current) ? current : (selection ?? NO_SELECTION);
}

/** What has changed since the search for the results; null if nothing has. */
export function changeSince(
  state: Omit<SearchState, "selection">,
  brainKey: string
): "Query" | "Options" | null {
  const { neighbors } = state;
  if (!neighbors) return null;
  const before = neighbors.params;
  const now = searchParams(state, brainKey, NO_SELECTION);
  const images = (params: SearchParams) => Object.entries(params.uploads).map(([name, { size }]) => name + size);
  const isSameQuery = now.query.trim() === before.query.trim();
  if (!isSameQuery || String(images(now)) !== String(images(before))) return "Query";
  const isChanged = OPTION_NAMES.some((name) => textOf(now[name]) !== textOf(before[name]));
  return isChanged ? "Options" : null;
}

function textOf(option: unknown): string {
  if (typeof option !== "object" || option === null) return String(option ?? "");
  return Object.keys(option).length ? JSON.stringify(option) : "";
}

/** The state that shows a saved search before it runs. */
export function stateFrom(params: SavedParams) {
  return {
    query: params.query ?? "",
    uploads: {},
    options: optionsFrom(params),
    liked: params.liked ?? [],
    disliked: params.disliked ?? [],
    ratedQuery: params.query ?? "",
    exclusion: exclusionFrom(params),
    selection: { selected: params.selected ?? [], alt: params.alt ?? [] },
  } satisfies Partial<SearchState>;
}

/** The parameters to save: those that are not empty, without the page. */
export function savedParams({ skip: _skip, ...params }: SearchParams): SavedParams {
  const isEmpty = (value: unknown) =>
    value === null || value === "" || (typeof value === "object" && !Object.keys(value).length);
  return Object.fromEntries(Object.entries(params).filter(([, value]) => !isEmpty(value)));
}

function exclusionFrom({ query = "", exclude = [] }: SavedParams) {
  return exclude.length ? { query, ids: exclude } : null;
}
