import React from "react";

/** Placeholders while the first search runs. */
export function Skeletons({ count = 12 }: { count?: number }) {
  return (
    <div className="ffs-grid" aria-hidden="true" data-cy="faiss-skeletons">
      {Array.from({ length: count }, (_, i) => (
        <div key={i} className="ffs-tile ffs-skeleton">
          <span className="ffs-image" />
          <span className="ffs-caption" />
        </div>
      ))}
    </div>
  );
}
