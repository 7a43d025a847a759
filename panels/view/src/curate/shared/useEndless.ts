import { type RefObject, useEffect, useRef } from "react";

// How far below the visible part the next page is loaded.
const MARGIN = "600px";

/** Loads more when a button that does the same comes near the visible part. */
export function useEndless(
  button: RefObject<HTMLButtonElement>,
  isEnabled: boolean,
  load: () => void
): void {
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const end = button.current;
    const root = end?.closest(".ffs-panel");
    if (!isEnabled || !end || !root) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) latest.current();
      },
      { root, rootMargin: MARGIN }
    );
    observer.observe(end);
    return () => observer.disconnect();
  });
}
