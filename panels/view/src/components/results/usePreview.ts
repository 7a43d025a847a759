import { useCallback, useEffect, useRef, useState } from "react";

// A pointer that only passes over the results shows nothing.
const HOVER_MS = 450;

export interface PreviewState {
  /** The result that is shown larger. */
  id: string | null;
  hover: (id: string | null, tile?: HTMLElement, pointerType?: string) => void;
  /** Shows a result, and those that get the focus after it; hides it if it is shown. */
  toggle: (id: string) => void;
  /** Follows the focus while the preview was opened with the keyboard. */
  focus: (id: string) => void;
  /** Hides the preview, and tells whether it was shown. */
  hide: () => boolean;
}

/** The preview of a result: after hovering for a while, or with a key. */
export function usePreview(): PreviewState {
  const [id, setId] = useState<string | null>(null);
  const shown = useRef(id);
  shown.current = id;
  const isPinned = useRef(false);
  const hovered = useRef<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  const hover = useCallback<PreviewState["hover"]>((next, _tile, pointerType) => {
    // The pointer moves within the result.
    if (next === hovered.current) return;
    hovered.current = next;
    clearTimeout(timer.current);
    if (isPinned.current) return;
    if (!next) setId(null);
    else if (pointerType !== "touch") timer.current = setTimeout(() => setId(next), HOVER_MS);
  }, []);
  const toggle = useCallback((next: string) => {
    clearTimeout(timer.current);
    isPinned.current = shown.current !== next || !isPinned.current;
    setId(isPinned.current ? next : null);
  }, []);
  const focus = useCallback((next: string) => {
    if (isPinned.current) setId(next);
  }, []);
  const hide = useCallback(() => {
    clearTimeout(timer.current);
    isPinned.current = false;
    setId(null);
    return shown.current !== null;
  }, []);
  return { id, hover, toggle, focus, hide };
}
