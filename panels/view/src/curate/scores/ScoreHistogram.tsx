import React from "react";
import type { ScoresRun } from "../../generated.ts";
import { scoreBars } from "../state/scores.ts";

/** The histogram of the scores, with what stands out in the accent color. */
export function ScoreHistogram({ run }: { run: ScoresRun }) {
  const bars = scoreBars(run.histogram);
  return (
    <figure className="ffs-curate-scores" data-cy="scores-histogram">
      <svg
        viewBox={`0 0 ${bars.length} 1`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Histogram of the ${run.count.toLocaleString("en-US")} scores`}
      >
        {bars.map(({ height, unusual }, i) => (
          <g key={i}>
            <rect x={i + 0.08} y={1 - height} width={0.84} height={height} />
            <rect
              className="ffs-included"
              x={i + 0.08}
              y={1 - unusual}
              width={0.84}
              height={unusual}
            />
          </g>
        ))}
      </svg>
      <figcaption>
        <span>0</span>
        <span>
          Scores{run.unusual > 0 && ", with what stands out in color"}; heights are square roots
        </span>
        <span>1</span>
      </figcaption>
    </figure>
  );
}
