import { cleared, INITIAL_STATE, type SearchState } from "./searchState.ts";

// By dataset. These outlive the component: the App unmounts it when its tab is hidden, and mounts
// it again when the dataset is reloaded, possibly while a search runs.
const states = new Map<string, SearchState>();
const newestSearches = new Map<string, number>();
const listeners = new Set<Listener>();
let load: (dataset: string) => SearchState = () => INITIAL_STATE;

type Listener = (dataset: string) => void;

/** Reads the first state of each dataset with a function. */
export function loadStatesWith(read: (dataset: string) => SearchState): void {
  load = read;
}

export function getState(dataset: string): SearchState {
  const known = states.get(dataset);
  if (known) return known;
  const state = load(dataset);
  states.set(dataset, state);
  return state;
}

export function updateState(dataset: string, change: Partial<SearchState>): void {
  setState(dataset, { ...getState(dataset), ...change });
}

export function clearState(dataset: string): void {
  setState(dataset, cleared(getState(dataset)));
}

function setState(dataset: string, state: SearchState): void {
  states.set(dataset, state);
  listeners.forEach((listener) => listener(dataset));
}

/** Calls a listener after each change; returns a function that ends that. */
export function subscribe(listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** Numbers a dataset's searches; the answer of a search that is not the newest is dropped. */
export function nextSearchId(dataset: string, now = Date.now()): number {
  // The clock makes the numbers rise across a reload of the page, too.
  const id = Math.max(now, (newestSearches.get(dataset) ?? 0) + 1);
  newestSearches.set(dataset, id);
  return id;
}

export function isNewestSearch(dataset: string, id: number): boolean {
  return newestSearches.get(dataset) === id;
}
