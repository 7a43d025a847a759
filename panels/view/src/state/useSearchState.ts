import { useCallback, useSyncExternalStore } from "react";
import type { SearchState } from "./searchState.ts";
import { getState, subscribe, updateState } from "./store.ts";

export type UpdateState = (change: Partial<SearchState>) => void;

/** The state of a dataset's search, and a function that changes a part of it. */
export function useSearchState(dataset: string): [SearchState, UpdateState] {
  const state = useSyncExternalStore(subscribe, () => getState(dataset));
  const update = useCallback<UpdateState>((change) => updateState(dataset, change), [dataset]);
  return [state, update];
}
