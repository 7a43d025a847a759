import { useCallback } from "react";
import { getView } from "./curateStore.ts";
import type { TabName } from "./curateState.ts";
import type { Curate } from "./useCurate.ts";

/**
 * What a person chose in a tab. It is kept in the browser's storage, by dataset.
 *
 * @param initial the state before the first choice, a constant
 */
export function useTabState<State extends object>(
  { dataset, view, update }: Curate,
  tab: TabName,
  initial: State
): [State, (change: Partial<State>) => void] {
  const stateOf = (stored: object | undefined): State => ({ ...initial, ...stored });
  const change = useCallback(
    (part: Partial<State>) => {
      const { tabs } = getView(dataset);
      update({ tabs: { ...tabs, [tab]: { ...tabs[tab], ...part } } });
    },
    [dataset, tab, update]
  );
  return [stateOf(view.tabs[tab]), change];
}
