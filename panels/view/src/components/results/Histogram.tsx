import React from "react";
import { histogramOf } from "../../format/histogram.ts";
import type { ResultRow } from "../../generated.ts";

/** How the scores of the results are distributed, high ones on the left as in the slider. */
export function Histogram({ results, position }: { results: ResultRow[]; position: number }) {
  const bars = histogramOf(results.map(({ score }) => score), position).reverse();
  return (
    <svg
      className="ffs-histogram"
      data-cy="faiss-histogram"
      viewBox={`0 0 ${bars.length} 1`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {bars.map(({ height, included }, i) => (
        <g key={i}>
          <rect x={i + 0.1} y={1 - height} width={0.8} height={height} />
          <rect className="ffs-included" x={i + 0.1} y={1 - included} width={0.8} height={included} />
        </g>
      ))}
    </svg>
  );
}
