import React, { type RefObject, useEffect, useState } from "react";
import type { MatchExplanation } from "../generated.ts";

// More lines hide the pictures.
const MOST = 60;

interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Lines between the local features that agree, over two pictures in an element. */
export function Lines({ lines, area }: { lines: MatchExplanation["lines"]; area: RefObject<HTMLElement> }) {
  const places = usePictures(area);
  if (!places) return null;
  const [query, match] = places;
  const step = Math.max(1, Math.ceil(lines.length / MOST));
  return (
    <svg className="ffs-why-lines" data-cy="why-lines" aria-hidden="true">
      {lines
        .filter((_, i) => i % step === 0)
        .map(([x1, y1, x2, y2], i) => (
          <line
            key={i}
            x1={query.left + x1 * query.width}
            y1={query.top + y1 * query.height}
            x2={match.left + x2 * match.width}
            y2={match.top + y2 * match.height}
          />
        ))}
    </svg>
  );
}

/** Where the two pictures are in an element, now and when its size changes. */
function usePictures(area: RefObject<HTMLElement>): [Place, Place] | null {
  const [places, setPlaces] = useState<[Place, Place] | null>(null);
  // Refs to elements around this one are set after its layout effects.
  useEffect(() => {
    const element = area.current;
    if (!element) return undefined;
    const images = [...element.querySelectorAll("img")];
    const measure = () => {
      const origin = element.getBoundingClientRect();
      const [query, match] = images.map((image) => {
        const { left, top, width, height } = image.getBoundingClientRect();
        return { left: left - origin.left, top: top - origin.top, width, height };
      });
      if (query && match) setPlaces([query, match]);
    };
    // Also when the images are loaded.
    const observer = new ResizeObserver(measure);
    [element, ...images].forEach((observed) => observer.observe(observed));
    return () => observer.disconnect();
  }, [area]);
  return places;
}
