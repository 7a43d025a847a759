import { useEffect, useRef } from "react";

/** Calls a function when a person clicks or presses a key in some elements of the App. */
export function useHand(isMeant: (element: Element) => boolean, act: () => void): void {
  const latest = useRef({ isMeant, act });
  latest.current = { isMeant, act };
  useEffect(() => {
    const onEvent = ({ target }: Event) => {
      const { isMeant, act } = latest.current;
      if (target instanceof Element && isMeant(target)) act();
    };
    document.addEventListener("pointerdown", onEvent, true);
    document.addEventListener("keydown", onEvent, true);
    return () => {
      document.removeEventListener("pointerdown", onEvent, true);
      document.removeEventListener("keydown", onEvent, true);
    };
  }, []);
}

/** Whether an element is a part of the App besides the panel. */
export function isOutsidePanel(element: Element): boolean {
  return !element.closest(".ffs-panel, .ffs-viewer-bar");
}
