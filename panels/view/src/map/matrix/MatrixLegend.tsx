import React from "react";
import { cssColor, type Look, rampColor } from "../state/palette.ts";
import type { Matrix } from "./cells.ts";
import { duplicatesColor, labelColor, rangeOf } from "./drawMatrix.ts";

// More labels than these are not told apart by their colors.
const MAX_LABELS = 12;

interface MatrixLegendProps {
  matrix: Matrix;
  /** The number of rows of each label. */
  counts: ReadonlyMap<string, number>;
  codes: ReadonlyMap<string, number>;
  look: Look;
}

/** What the colors and the borders of a matrix mean. */
export function MatrixLegend({ matrix, counts, codes, look }: MatrixLegendProps) {
  const [low, high] = rangeOf(matrix).map((value) => Number(value.toPrecision(3)).toString());
  const stops = Array.from({ length: 11 }, (_, i) => cssColor(rampColor(1 - i / 10, look))).join(", ");
  const labels = [...counts].slice(0, MAX_LABELS);
  const groups = matrix.duplicates.length;
  return (
    <div className="ffs-map-legend" role="group" aria-label="Legend" data-cy="matrix-legend">
      <span className="ffs-map-ramp">
        <span>{matrix.metric} distance</span>
        <span className="ffs-map-bar" role="img" aria-label={`Colors from ${low} to ${high}`}>
          <span style={{ background: `linear-gradient(90deg, ${stops})` }} />
        </span>
        <span>
          <span>{low}</span>
          <span>{high}</span>
        </span>
      </span>
      {labels.map(([label, count]) => (
        <span key={label} className="ffs-map-class" data-cy="matrix-class" title={label}>
          <span className="ffs-map-dot" style={{ background: cssColor(labelColor(label, codes, look)) }} />
          <span className="ffs-map-name">{label}</span>
          <span className="ffs-map-count">{count}</span>
        </span>
      ))}
      {counts.size > MAX_LABELS && (
        <span className="ffs-map-class">and {counts.size - MAX_LABELS} more</span>
      )}
      {groups > 0 && (
        <span className="ffs-map-class" data-cy="matrix-duplicates">
          <span className="ffs-matrix-square" style={{ borderColor: duplicatesColor(look) }} />
          <span className="ffs-map-name">near-duplicates</span>
          <span className="ffs-map-count">
            {groups} group{groups === 1 ? "" : "s"}
          </span>
        </span>
      )}
    </div>
  );
}
