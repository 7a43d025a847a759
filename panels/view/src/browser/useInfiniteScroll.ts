import { type RefObject, useEffect, useRef } from "react";

// How far below the visible part the next page is loaded.
const MARGIN = "300px";
// The page itself scrolls when it is opened.
const START_MS = 500;

/**
 * Loads more when the user scrolls near a button that does the same. Nothing is loaded before the
 * first scrolling: the user has asked for a number of results.
 */
export function useInfiniteScroll(
  button: RefObject<HTMLButtonElement>,
  isEnabled: boolean,
  load: () => void
): void {
  const latest = useRef(load);
  latest.current = load;
  const openedAt = useRef(performance.now());
  useEffect(() => {
    const end = button.current;
    const panel = end?.closest(".ffs-panel");
    if (!isEnabled || !end || !panel) return undefined;
    let isNear = false;
    let isScrolled = false;
    const loadIfNear = () => {
      if (isNear && isScrolled) latest.current();
    };
    const observer = new IntersectionObserver(
      (entries) => {
        isNear = entries.some(({ isIntersecting }) => isIntersecting);
        loadIfNear();
      },
      { root: panel, rootMargin: MARGIN }
    );
    const onScroll = () => {
      isScrolled = performance.now() - openedAt.current > START_MS;
      loadIfNear();
    };
    observer.observe(end);
    panel.addEventListener("scroll", onScroll);
    return () => {
      observer.disconnect();
      panel.removeEventListener("scroll", onScroll);
    };
  }, [button, isEnabled]);
}
