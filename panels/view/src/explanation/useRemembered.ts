import { useCallback, useState } from "react";

// The App mounts a panel again when it reloads the dataset, for example after a heatmap was saved.
const values = new Map<string, unknown>();
const MOST = 60;

/** A state that outlives the component, by a key; the oldest are dropped. */
export function useRemembered<T>(key: string, initial: T): [T, (value: T) => void] {
  const [, redraw] = useState(0);
  const value = values.has(key) ? (values.get(key) as T) : initial;
  const set = useCallback(
    (next: T) => {
      values.delete(key);
      values.set(key, next);
      for (const oldest of [...values.keys()].slice(0, -MOST)) values.delete(oldest);
      redraw((count) => count + 1);
    },
    [key]
  );
  return [value, set];
}
