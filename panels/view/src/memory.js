import { useCallback, useSyncExternalStore } from "./app.js";

export const DEFAULTS = {
  brain_key: null,
  k: "25",
  scope: "dataset",
  reverse: false,
  templates: "off",
  diversity: 0,
  fold: false,
  hubness: false,
  thresh: "",
};

// What a person typed, chose and got. `selection` is the one that the last search used, `rated` the
// query that likes and dislikes are for, `cut` the place where a person put the cut-off, null where
// it is the automatic one; `paging` whether the search at work only looks for more. `grid` says what
// the App's grid showed before the first search, and since. `compared` is another index, {dataset,
// brain_key, answer, busy}; `taggings` can be taken back, {tag, ids} each, the last one first.
const NOTHING = {
  query: "",
  uploads: {},
  selection: null,
  options: DEFAULTS,
  found: null,
  grid: {},
  liked: [],
  disliked: [],
  rated: null,
  paging: false,
  cut: null,
  hidden: false,
  compared: null,
  taggings: [],
  tag: "neighbors",
  drawer: null,
  status: { kind: "idle", text: "" },
};

// By dataset. It outlives the page's component, which the App drops when its tab is hidden and
// makes anew when the dataset is reloaded, perhaps while a search runs.
const memory = new Map();
const searches = new Map();
const listeners = new Set();

export function recall(dataset) {
  return memory.get(dataset) || NOTHING;
}

export function remember(dataset, change) {
  memory.set(dataset, { ...recall(dataset), ...change });
  listeners.forEach((listener) => listener());
}

/** Forgets the search, and keeps how a person likes to search; the grid may still show the answer. */
export function forget(dataset) {
  const { options, tag, drawer, grid } = recall(dataset);
  remember(dataset, { ...NOTHING, options, tag, drawer, grid });
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The state of a dataset's search, and a function that changes some of it. */
export function useMemory(dataset) {
  const state = useSyncExternalStore(subscribe, () => recall(dataset));
  const update = useCallback((change) => remember(dataset, change), [dataset]);
  return [state, update];
}

/** Numbers a dataset's searches: the newest wins, and the answer of an older one is dropped. */
export function nextSearch(dataset) {
  // The clock, so that the numbers rise across a reload of the page, too.
  searches.set(dataset, Math.max(Date.now(), (searches.get(dataset) || 0) + 1));
  return searches.get(dataset);
}

export function isNewest(dataset, id) {
  return searches.get(dataset) === id;
}
