import { useMemo, useRef } from "react";
import type { Server } from "../app/server.ts";
import { useSelection } from "../app/useSelection.ts";
import type { PanelIndex } from "../generated.ts";
import type { CurrentPage } from "./requests.ts";
import { bindActions, type SearchActions } from "./searchActions.ts";
import type { SearchState } from "./searchState.ts";
import type { Selection } from "./selection.ts";
import { type Look, useLook } from "./useLook.ts";
import { useSettling } from "./useSettling.ts";
import { useModelStatus } from "./useModelStatus.ts";
import { type UpdateState, useSearchState } from "./useSearchState.ts";

/** A search: its state, and what can be done with it. */
export interface Search extends Omit<SearchState, "selection">, SearchActions {
  update: UpdateState;
  /** The selected index. */
  index: PanelIndex;
  /** The selection in the App's grid now. */
  selection: Selection;
  /** The selection that the last search used; the App clears it with the results. */
  lastSelection: Selection | null;
  /** What the grid shows; null until it is known. */
  look: Look | null;
}

export type SetStatus = SearchActions["setStatus"];

/** The search of a dataset. */
export function useSearch(
  server: Server,
  dataset: string,
  indexes: [PanelIndex, ...PanelIndex[]]
): Search {
  const [state, update] = useSearchState(dataset);
  const [first] = indexes;
  const index = indexes.find(({ brain_key }) => brain_key === state.options.brain_key) ?? first;
  const selection = useSelection();
  const model = useModelStatus(server, index);
  const current: CurrentPage = {
    selection,
    brainKey: index.brain_key,
    defaultBrainKey: first.brain_key,
    isModelLoading: model.kind === "warming",
  };
  // The actions stay the same when these values change.
  const latest = useRef(current);
  latest.current = current;
  const actions = useMemo(
    () => bindActions({ server, dataset, current: () => latest.current }),
    [server, dataset]
  );
  useSettling(state, update);
  const look = useLook(server, state, index.brain_key);
  // The model's status shows when there is nothing newer.
  const status = state.status.text ? state.status : model;
  return { ...state, ...actions, update, index, selection, lastSelection: state.selection, look, status };
}
