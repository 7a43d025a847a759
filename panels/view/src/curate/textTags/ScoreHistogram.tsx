import React from "react";
import type { TextTagRow } from "../../generated.ts";
import { scoreBars, thresholdPlace, thresholdText } from "../state/textTags.ts";

/** How the scores of a prompt are distributed, and where its threshold is. */
export function ScoreHistogram({ row }: { row: TextTagRow }) {
  const bars = scoreBars(row);
  return (
    <div className="ffs-curate-tag-scores" data-cy="curate-tag-histogram">
      <div className="ffs-curate-score-bars">
        <svg viewBox={`0 0 ${bars.length} 1`} preserveAspectRatio="none" aria-hidden="true">
          {bars.map(({ height, isTagged }, i) => (
            <rect
              key={i}
              className={isTagged ? "ffs-included" : undefined}
              x={i + 0.08}
              y={1 - height}
              width={0.84}
              height={height}
            />
          ))}
        </svg>
        <span
          className="ffs-curate-score-line"
          style={{ left: `${100 * thresholdPlace(row)}%` }}
          data-cy="curate-tag-line"
        />
      </div>
      <span className="ffs-note" data-cy="curate-tag-threshold">
        {thresholdText(row)}
      </span>
    </div>
  );
}
