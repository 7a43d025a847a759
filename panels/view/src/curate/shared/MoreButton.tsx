import React, { useEffect, useRef } from "react";

// How far below the visible part the next page is loaded.
const MARGIN = "600px";

interface MoreButtonProps {
  /** How many rows are shown, of how many. */
  shown: number;
  total: number;
  /** What the rows are: "pairs". */
  things: string;
  more: () => Promise<void>;
}

/** Loads the next page of a list when it comes near the visible part, or on a click. */
export function MoreButton({ shown, total, things, more }: MoreButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  const latest = useRef(more);
  latest.current = more;
  useEffect(() => {
    const end = button.current;
    const root = end?.closest(".ffs-panel");
    if (!end || !root) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) void latest.current();
      },
      { root, rootMargin: MARGIN }
    );
    observer.observe(end);
    return () => observer.disconnect();
  });
  if (shown >= total) return null;
  return (
    <button
      ref={button}
      type="button"
      className="ffs-button ffs-centered"
      data-cy="curate-more"
      onClick={() => void more()}
    >
      Show more of {total.toLocaleString("en-US")} {things}
    </button>
  );
}
