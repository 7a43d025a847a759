import { type RefObject, useEffect, useRef } from "react";
import type { SampleViewer } from "../app/viewer.ts";

// The id of the result that the sample viewer showed last; null if it was not opened from a result.
// It outlives the component.
let shownLast: string | null = null;

/** Leaves the keys to the App's sample viewer while it is open, then restores the focus. */
export function useViewerFocus(root: RefObject<HTMLElement>, viewer: SampleViewer): void {
  const close = useRef(viewer.close);
  close.current = viewer.close;
  const { isOpen, shownId } = viewer;
  useEffect(() => {
    if (isOpen && shownId && shownLast) shownLast = shownId;
  }, [isOpen, shownId]);
  useEffect(() => {
    const panel = root.current;
    const { activeElement } = document;
    if (isOpen && activeElement instanceof HTMLElement && panel?.contains(activeElement)) {
      shownLast = activeElement.dataset.id ?? null;
      activeElement.blur();
    } else if (!isOpen && shownLast) {
      const result = panel?.querySelector<HTMLElement>(`.ffs-open[data-id="${shownLast}"]`);
      (result ?? panel)?.focus();
      result?.scrollIntoView({ block: "nearest" });
      shownLast = null;
    }
    if (!isOpen || !shownLast) return undefined;
    const onKeyDown = ({ key }: KeyboardEvent) => {
      // The viewer handles the key itself only while the mouse is over it.
      const isHandled = document.querySelector('#modal [data-cy="looker"]:hover');
      if (key === "Escape" && !isHandled) close.current();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [root, isOpen]);
}
