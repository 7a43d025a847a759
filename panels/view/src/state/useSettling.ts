import { useEffect, useRef, useState } from "react";
import type { GridChange } from "../generated.ts";
import type { SearchState } from "./searchState.ts";
import type { UpdateState } from "./useSearchState.ts";

// How long the App may take to load a view.
const MAX_MS = 6_000;
// The App may drop the filters shortly after it has changed the view.
const CALM_MS = 1_000;

/**
 * Sets the filters of the sidebar that belong to an answer. The App drops them when it has loaded
 * the view of the answer, some time later.
 */
export function useSettling({ settling }: SearchState, update: UpdateState): void {
  const view = textOf(window.recoil.useRecoilValue(window.__fos__.view));
  const filters = textOf(window.recoil.useRecoilValue(window.__fos__.filters));
  const before = useRef(view);
  const [late, setLate] = useState<GridChange | null>(null);
  useEffect(() => {
    before.current = view;
    if (!settling) return undefined;
    const timer = setTimeout(() => setLate(settling), MAX_MS);
    return () => clearTimeout(timer);
  }, [settling]);
  useEffect(() => {
    if (!settling) return undefined;
    if (settling.moves && view === before.current && late !== settling) return undefined;
    if (filters !== textOf(settling.filters)) {
      void window.__foo__.executeOperator("set_filters", settling.filters);
      return undefined;
    }
    const timer = setTimeout(() => update({ settling: null }), CALM_MS);
    return () => clearTimeout(timer);
  }, [settling, view, filters, late]);
}

/** A value as text, without the random ids of stages. */
function textOf(value: object | undefined): string {
  return JSON.stringify(value ?? {}, (name, part) => (name === "_uuid" ? undefined : part));
}
