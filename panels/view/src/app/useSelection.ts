import { useMemo } from "react";
import type { Selection } from "../state/selection.ts";

/** The current selection in the App's grid. */
export function useSelection(): Selection {
  const kinds = window.recoil.useRecoilValue(window.__fos__.selectedSamples);
  return useMemo(() => {
    const selection: Selection = { selected: [], alt: [] };
    for (const [id, kind] of kinds) selection[kind === "alt" ? "alt" : "selected"].push(id);
    return selection;
  }, [kinds]);
}
