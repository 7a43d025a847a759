import { useCallback, useEffect, useMemo, useRef } from "react";
import type { Selection } from "../state/selection.ts";
import { isOutsidePanel, useHand } from "./useHand.ts";

/** The ids of the selected samples. */
export function toSelection(kinds: SelectedSamples): Selection {
  const selection: Selection = { selected: [], alt: [] };
  for (const [id, kind] of kinds) selection[kind === "alt" ? "alt" : "selected"].push(id);
  return selection;
}

/** The current selection in the App's grid. */
export function useSelection(): Selection {
  const kinds = window.recoil.useRecoilValue(window.__fos__.selectedSamples);
  return useMemo(() => toSelection(kinds), [kinds]);
}

/** Changes the selection in the App's grid: adds ids to it, or removes them. */
export type ChangeSelection = (ids: string[], isSelected: boolean) => void;

/**
 * Changes the selection; one that is made while the App loads a view is restored, because the App
 * drops the selection when it has loaded the view. `settling` is what is loaded, null for nothing.
 */
export function useChangeSelection(settling: object | null): ChangeSelection {
  const kinds = window.recoil.useRecoilValue(window.__fos__.selectedSamples);
  const setSelected = window.__fos__.useSetSelected();
  const latest = useRef(kinds);
  latest.current = kinds;
  const chosen = useRef<SelectedSamples | null>(null);
  const isKept = useRef(false);
  isKept.current = settling !== null;
  useEffect(() => {
    chosen.current = null;
  }, [settling]);
  useHand(isOutsidePanel, () => {
    chosen.current = null;
  });
  useEffect(() => {
    if (chosen.current?.size && !kinds.size) setSelected(chosen.current);
  }, [kinds]);
  return useCallback<ChangeSelection>(
    (ids, isSelected) => {
      const changed = new Map(latest.current);
      for (const id of ids) {
        if (!isSelected) changed.delete(id);
        else if (!changed.has(id)) changed.set(id, "default");
      }
      latest.current = changed;
      if (isKept.current) chosen.current = changed;
      setSelected(changed);
    },
    [setSelected]
  );
}
