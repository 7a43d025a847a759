import { useEffect, useRef, useState } from "react";
import { useHand } from "../app/useHand.ts";
import type { GridChange } from "../generated.ts";
import type { SearchState } from "./searchState.ts";
import { isByHand, isDropped, textOf } from "./settling.ts";

// How long the App may take to load a view.
const MAX_MS = 6_000;
// The App may drop the filters shortly after it has changed the view.
const CALM_MS = 1_000;
// On a busy machine it drops them later.
const RESTORE_MS = 10_000;
// A change of the filters so soon after the use of the sidebar is by hand.
const HAND_MS = 500;
const SIDEBAR = '[data-cy^="sidebar"]';

/**
 * Sets the filters of the sidebar that belong to an answer. The App drops them when it has loaded
 * the view of the answer, some time later. Filters that a person changes meanwhile stay.
 */
export function useSettling(
  { settling }: Pick<SearchState, "settling">,
  update: (change: { settling: null }) => void
): void {
  const view = textOf(window.recoil.useRecoilValue(window.__fos__.view));
  const shown = window.recoil.useRecoilValue(window.__fos__.filters) ?? {};
  const filters = textOf(shown);
  const before = useRef({ view, filters });
  const wanted = useRef<object>({});
  const usedAt = useRef(-HAND_MS);
  const settled = useRef({ view, until: 0 });
  const [late, setLate] = useState<GridChange | null>(null);
  useHand(
    (element) => element.closest(SIDEBAR) !== null,
    () => {
      usedAt.current = performance.now();
    }
  );
  useEffect(() => {
    before.current = { view, filters };
    if (!settling) return undefined;
    wanted.current = settling.filters;
    const timer = setTimeout(() => setLate(settling), MAX_MS);
    return () => clearTimeout(timer);
  }, [settling]);
  useEffect(() => {
    const now = performance.now();
    const change = {
      before: before.current.filters,
      now: filters,
      wanted: textOf(wanted.current),
      isSidebarUsed: now - usedAt.current < HAND_MS,
    };
    before.current.filters = filters;
    if (isByHand(change)) wanted.current = shown;
    if (!settling) {
      const isSettled = view === settled.current.view && now < settled.current.until;
      if (!isSettled || isByHand(change)) settled.current.until = 0;
      else if (isDropped(change)) {
        void window.__foo__.executeOperator("set_filters", wanted.current);
      }
      return undefined;
    }
    if (settling.moves && view === before.current.view && late !== settling) return undefined;
    if (filters !== textOf(wanted.current)) {
      void window.__foo__.executeOperator("set_filters", wanted.current);
      return undefined;
    }
    const timer = setTimeout(() => {
      settled.current = { view, until: performance.now() + RESTORE_MS };
      update({ settling: null });
    }, CALM_MS);
    return () => clearTimeout(timer);
  }, [settling, view, filters, late]);
}
