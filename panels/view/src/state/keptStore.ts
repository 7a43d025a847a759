import { useCallback, useSyncExternalStore } from "../app/react.ts";

/** What a person chose for each dataset, kept in the browser's storage. */
export interface KeptStore<View> {
  get: (dataset: string) => View;
  use: (dataset: string) => [View, (change: Partial<View>) => void];
}

/**
 * A store that outlives the component, which the App mounts again with each reload of the dataset.
 *
 * @param prefix the start of the keys in the browser's storage
 * @param read makes a view of the stored text, null if there is none
 */
export function keptStore<View extends object>(
  prefix: string,
  read: (text: string | null) => View
): KeptStore<View> {
  const views = new Map<string, View>();
  const listeners = new Set<() => void>();
  const keyOf = (dataset: string) => `${prefix}/${dataset}`;

  const get = (dataset: string) => {
    const known = views.get(dataset);
    if (known) return known;
    const view = read(localStorage.getItem(keyOf(dataset)));
    views.set(dataset, view);
    return view;
  };

  const update = (dataset: string, change: Partial<View>) => {
    const view = { ...get(dataset), ...change };
    views.set(dataset, view);
    try {
      localStorage.setItem(keyOf(dataset), JSON.stringify(view));
    } catch (error) {
      // The storage is full: an older state would be wrong.
      if (!(error instanceof DOMException)) throw error;
      localStorage.removeItem(keyOf(dataset));
    }
    listeners.forEach((listener) => listener());
  };

  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };

  const use = (dataset: string): [View, (change: Partial<View>) => void] => {
    const view = useSyncExternalStore(subscribe, () => get(dataset));
    const change = useCallback((part: Partial<View>) => update(dataset, part), [dataset]);
    return [view, change];
  };
  return { get, use };
}
