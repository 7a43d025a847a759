import { type RefObject, useEffect, useRef } from "react";
import type { SampleViewer } from "../app/viewer.ts";

// The id of the result that had the focus before the sample viewer opened; outlives the component.
let openedFrom: string | null = null;

/** Leaves the keys to the App's sample viewer while it is open, then restores the focus. */
export function useViewerFocus(root: RefObject<HTMLElement>, viewer: SampleViewer): void {
  const close = useRef(viewer.close);
  close.current = viewer.close;
  useEffect(() => {
    const panel = root.current;
    const { activeElement } = document;
    if (viewer.isOpen && activeElement instanceof HTMLElement && panel?.contains(activeElement)) {
      openedFrom = activeElement.dataset.id ?? null;
      activeElement.blur();
    } else if (!viewer.isOpen && openedFrom) {
      const result = panel?.querySelector<HTMLElement>(`.ffs-open[data-id="${openedFrom}"]`);
      (result ?? panel)?.focus();
      openedFrom = null;
    }
    if (!viewer.isOpen || !openedFrom) return undefined;
    const onKeyDown = ({ key }: KeyboardEvent) => {
      // The viewer handles the key itself only while the mouse is over it.
      const isHandled = document.querySelector('#modal [data-cy="looker"]:hover');
      if (key === "Escape" && !isHandled) close.current();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [root, viewer.isOpen]);
}
