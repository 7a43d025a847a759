import type {
  GridChange,
  GridState,
  SearchAnswer,
  ResultRow,
  SearchParams,
  Tagging,
  UploadedImage,
} from "../generated.ts";
import { DEFAULT_OPTIONS, type SearchOptions } from "./options.ts";
import type { Selection } from "./selection.ts";

/** An image that a query uses, with the address that shows it. */
export interface Upload extends UploadedImage {
  url: string;
}

/** The results on the page, with the request that they answer. */
export interface ShownNeighbors extends SearchAnswer {
  params: SearchParams;
  /** Changes with the vectors of the index; null if its backend does not tell. */
  index_version: string | null;
  /** The time of the search, in milliseconds. */
  searchedAt: number;
}

export type StatusKind = "idle" | "busy" | "warming" | "done" | "error";

export interface StatusMessage {
  kind: StatusKind;
  text: string;
  notes?: string[];
}

/** Another index that answers the same query. */
export interface Comparison {
  dataset: string;
  brain_key: string;
  neighbors: SearchAnswer | null;
  error: string | null;
  busy: boolean;
}

export type Rating = "liked" | "disliked";
export type Ratings = Record<Rating, string[]>;
/** The results that lost a tag; of samples, or of labels in a field. */
export interface Untagging {
  tag: string;
  ids: string[];
  patches_field: string | null;
}

/** The results that a user removed from those of a query. */
export interface Exclusion {
  query: string;
  ids: string[];
}

export type DrawerName = "filters" | "history" | "health" | "help" | "options";

/** The state of a dataset's search. */
export interface SearchState extends Ratings {
  query: string;
  /** By the name that the query uses, without the "@". */
  uploads: Record<string, Upload>;
  /** The selection that the last search used. */
  selection: Selection | null;
  options: SearchOptions;
  neighbors: ShownNeighbors | null;
  grid: GridState;
  /** The query that `liked` and `disliked` belong to. */
  ratedQuery: string | null;
  /** Whether the running search only adds a page. */
  isPaging: boolean;
  /** The cutoff that the user set; null for the automatic one. */
  cutoff: number | null;
  hidesBelowCutoff: boolean;
  comparison: Comparison | null;
  exclusion: Exclusion | null;
  /** What can be undone, the latest last. */
  taggings: Tagging[];
  /** The removals of tags that can be undone, the latest last. */
  untaggings: Untagging[];
  tag: string;
  drawer: DrawerName | null;
  /** The result whose match is explained. */
  explained: string | null;
  status: StatusMessage;
  /** Set until the App's grid shows the view of the last answer, with the filters in it. */
  settling: GridChange | null;
  /**
   * What to do once the page is open: "search", or for a query from a link "offer", which searches
   * only if that opens no file and no address.
   */
  pending: "search" | "offer" | null;
}

export const INITIAL_STATE: SearchState = {
  query: "",
  uploads: {},
  selection: null,
  options: DEFAULT_OPTIONS,
  neighbors: null,
  grid: {},
  liked: [],
  disliked: [],
  ratedQuery: null,
  isPaging: false,
  cutoff: null,
  hidesBelowCutoff: false,
  comparison: null,
  exclusion: null,
  taggings: [],
  untaggings: [],
  tag: "neighbors",
  drawer: null,
  explained: null,
  status: { kind: "idle", text: "" },
  settling: null,
  pending: null,
};

/** The state after "Clear": the preferences stay, and the grid may still show the results. */
export function cleared({ options, tag, drawer, grid }: SearchState): SearchState {
  return { ...INITIAL_STATE, options, tag, drawer, grid };
}

/** The ratings that belong to the results. */
export function ratingsOf(
  state: Pick<SearchState, "neighbors" | "ratedQuery" | Rating>
): Ratings {
  const { neighbors, ratedQuery, liked, disliked } = state;
  // The query line may hold another search by now, with its own ratings.
  if (!neighbors || ratedQuery === null || ratedQuery === neighbors.params.query) {
    return { liked, disliked };
  }
  return { liked: neighbors.params.liked, disliked: neighbors.params.disliked };
}

/** The change that rates a result, or removes the same rating from it. */
export function withRating(state: SearchState, id: string, rating: Rating): Partial<SearchState> {
  const ratings = ratingsOf(state);
  const isRemoval = ratings[rating].includes(id);
  const without = (ids: string[]) => ids.filter((other) => other !== id);
  const rest = { liked: without(ratings.liked), disliked: without(ratings.disliked) };
  if (!isRemoval) rest[rating] = [...rest[rating], id];
  return { ...rest, ratedQuery: state.neighbors?.params.query ?? null };
}

/** The results with a further page. */
export function withPage(shown: ShownNeighbors, page: SearchAnswer): ShownNeighbors {
  const before: ResultRow[] = shown.results;
  // The cutoff moves into the new page only if all results before were above it.
  const cutoff = shown.cutoff < before.length ? shown.cutoff : before.length + page.cutoff;
  return { ...shown, cutoff, has_more: page.has_more, results: [...before, ...page.results] };
}

/** The taggings with another one; two with the same tag become one. */
export function withTagging(taggings: Tagging[], tag: string, ids: string[]): Tagging[] {
  if (!ids.length) return taggings;
  const same = taggings.find((tagging) => tagging.tag === tag);
  const others = taggings.filter((tagging) => tagging !== same);
  return [...others, { tag, ids: [...(same?.ids ?? []), ...ids] }];
}

/** The taggings without some ids of a tag. */
export function withoutTagged(taggings: Tagging[], tag: string, ids: string[]): Tagging[] {
  return taggings.flatMap((tagging) => {
    if (tagging.tag !== tag) return [tagging];
    const rest = (tagging.ids ?? []).filter((id) => !ids.includes(id));
    return rest.length ? [{ ...tagging, ids: rest }] : [];
  });
}

/** The ids that got a tag on this page. */
export function taggedIds(taggings: Tagging[], tag: string): Set<string> {
  return new Set(taggings.flatMap((tagging) => (tagging.tag === tag ? (tagging.ids ?? []) : [])));
}
