import { useCallback, useSyncExternalStore } from "../../app/react.ts";
import { type CurateView, viewFrom } from "./curateState.ts";

// By dataset. These outlive the component, which the App mounts again with each dataset reload.
const views = new Map<string, CurateView>();
const listeners = new Set<() => void>();

const keyOf = (dataset: string) => `fiftyone-faiss.curate/${dataset}`;

export type UpdateView = (change: Partial<CurateView>) => void;

export function getView(dataset: string): CurateView {
  const known = views.get(dataset);
  if (known) return known;
  const view = viewFrom(localStorage.getItem(keyOf(dataset)));
  views.set(dataset, view);
  return view;
}

function updateView(dataset: string, change: Partial<CurateView>): void {
  const view = { ...getView(dataset), ...change };
  views.set(dataset, view);
  try {
    localStorage.setItem(keyOf(dataset), JSON.stringify(view));
  } catch (error) {
    // The storage is full: an older state would be wrong.
    if (!(error instanceof DOMException)) throw error;
    localStorage.removeItem(keyOf(dataset));
  }
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What a person chose and decided for a dataset. */
export function useCurateView(dataset: string): [CurateView, UpdateView] {
  const view = useSyncExternalStore(subscribe, () => getView(dataset));
  const update = useCallback<UpdateView>((change) => updateView(dataset, change), [dataset]);
  return [view, update];
}
