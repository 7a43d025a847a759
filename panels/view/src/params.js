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
