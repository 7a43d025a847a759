import { type RefObject, useEffect } from "react";
import { type SampleViewer, useSampleViewer } from "../app/viewer.ts";
import { useViewerFocus } from "./useViewerFocus.ts";

// These outlive the component: the selector of what had the focus when the component was unmounted,
// the time of that, and the time of the last key or click. Times are in milliseconds.
let lastFocused: string | null = null;
let unmountedAt = 0;
let lastInputAt = 0;

for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, (event) => (lastInputAt = event.timeStamp), true);
}

/**
 * Focuses the query line when the user opens the panel. Restores the focus when the App mounts the
 * panel again. Keeps the focus in the panel when the focused element is removed, because the App
 * would get the keys otherwise.
 */
export function useFocusRestore(root: RefObject<HTMLElement>): void {
  const viewer = useSampleViewer();
  useViewerFocus(root, viewer);
  useEffect(() => focusOnMount(root.current, viewer), [root]);
  useEffect(() => (root.current ? keepFocus(root.current) : undefined), [root]);
}

function focusOnMount(panel: HTMLElement | null, viewer: SampleViewer): void {
  const { activeElement } = document;
  const isUsed = panel?.contains(activeElement) || activeElement?.matches("input, textarea");
  if (!panel || isUsed || viewer.isOpen) return;
  const isOpenedByUser = lastInputAt > unmountedAt;
  if (isOpenedByUser) panel.querySelector<HTMLElement>(".ffs-query")?.focus();
  else if (lastFocused) (panel.querySelector<HTMLElement>(lastFocused) ?? panel).focus();
}

/** Keeps the focus in the panel until the returned function is called. */
function keepFocus(panel: HTMLElement): () => void {
  let focused: HTMLElement | null = null;
  const isInside = (target: EventTarget | null) => target instanceof Node && panel.contains(target);
  const onFocus = ({ target }: FocusEvent) => {
    focused = isInside(target) ? (target as HTMLElement) : null;
  };
  const onPointerDown = ({ target }: PointerEvent) => {
    if (!isInside(target)) focused = null;
  };
  const observer = new MutationObserver(() => {
    const isRemoved = focused && !focused.isConnected;
    if (isRemoved && document.activeElement === document.body) panel.focus();
  });
  document.addEventListener("focusin", onFocus);
  document.addEventListener("pointerdown", onPointerDown);
  observer.observe(panel, { childList: true, subtree: true });
  return () => {
    document.removeEventListener("focusin", onFocus);
    document.removeEventListener("pointerdown", onPointerDown);
    observer.disconnect();
    unmountedAt = performance.now();
    lastFocused = focused && selectorOf(focused);
  };
}

function selectorOf({ dataset: { cy, id } }: HTMLElement): string {
  return `[data-cy="${cy}"]${id ? `[data-id="${id}"]` : ""}`;
}
