// Keeps the searches of this browser in its storage.
import { linkedState } from "./link.ts";
import { stateFromText, stateToText } from "./restoring.ts";
import { getState, loadStatesWith, subscribe } from "./store.ts";

// Not at each letter that is typed.
const PAUSE_MS = 400;

const keyOf = (dataset: string) => `fiftyone-faiss.search/${dataset}`;

/** Loads the searches from the browser's storage, and saves each change there. */
export function keepSearches(): void {
  const changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout>;
  const save = () => {
    clearTimeout(timer);
    changed.forEach((dataset) => store(keyOf(dataset), stateToText(getState(dataset))));
    changed.clear();
  };
  loadStatesWith((dataset) => {
    const kept = stateFromText(localStorage.getItem(keyOf(dataset)));
    return linkedState(kept) ?? kept;
  });
  subscribe((dataset) => {
    changed.add(dataset);
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE_MS);
  });
  addEventListener("pagehide", save);
}

function store(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch (error) {
    // The storage is full: an older state would be wrong.
    if (!(error instanceof DOMException)) throw error;
    localStorage.removeItem(key);
  }
}
