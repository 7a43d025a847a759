// What the server is asked for, made of what a person typed and chose; and the way back.
import { DEFAULTS } from "./memory.js";
import { hasName } from "./terms.js";

const NOBODY = { selected: [], alt: [] };

/** The parameters of a search, see the Python half's `search`. */
export function searchParams(state, brainKey, selection) {
  const { query, uploads, liked, disliked, options } = state;
  const used = Object.entries(uploads).filter(([name]) => hasName(query, `@${name}`));
  return {
    ...options,
    ...selection,
    query,
    uploads: Object.fromEntries(used.map(([name, { url, ...upload }]) => [name, upload])),
    liked,
    disliked,
    brain_key: brainKey,
    thresh: String(options.thresh).trim() === "" ? null : Number(options.thresh),
    skip: 0,
  };
}

/**
 * The selection that a line means: what is selected now; else what was when it was last searched,
 * for the App forgets the selection when the grid shows the answer.
 */
export function meantSelection({ query, selection }, now) {
  if (!hasName(query, "@selected")) return NOBODY;
  return now.selected.length || now.alt.length ? now : selection || NOBODY;
}

/** Whether the options are others by now than those that the results were found with. */
export function isChanged(state, brainKey) {
  const { found } = state;
  if (!found) return false;
  const now = searchParams(state, brainKey, NOBODY);
  return Object.keys(DEFAULTS).some(
    (name) => String(now[name] ?? "") !== String(found.params[name] ?? "")
  );
}

/** What was liked and disliked among the results, {liked, disliked}. */
export function ratingsOf({ found, rated, liked, disliked }) {
  const { params } = found;
  // The line may hold another search by now, with ratings of its own.
  if (rated === null || rated === params.query) return { liked, disliked };
  return { liked: params.liked, disliked: params.disliked };
}

/** A saved view as a place to search in, as which "dataset" and "view" are others. */
export function scopeOfView(name) {
  return /^(dataset|view|saved:.*)$/.test(name) ? `saved:${name}` : name;
}

/** What the page remembers once it is filled from the parameters of an earlier search. */
export function stateFrom(params) {
  const options = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS)) {
    if (params[name] !== undefined && params[name] !== null) options[name] = params[name];
  }
  return {
    query: params.query || "",
    options,
    liked: params.liked || [],
    disliked: params.disliked || [],
    rated: params.query || "",
    selection: { selected: params.selected || [], alt: params.alt || [] },
  };
}

/** The parameters without what is empty and what page it was, as the history keeps them. */
export function lastingParams({ skip, ...params }) {
  const isEmpty = (value) =>
    value === null || value === "" || (typeof value === "object" && !Object.keys(value).length);
  return Object.fromEntries(Object.entries(params).filter(([, value]) => !isEmpty(value)));
}
