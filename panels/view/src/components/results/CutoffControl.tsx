import React from "react";
import { cutoffOf } from "../../state/cutoff.ts";
import type { Search } from "../../state/useSearch.ts";
import { Histogram } from "./Histogram.tsx";

/** The line between the results above the score cutoff and those below. */
export function CutoffDivider({ isManual, below }: { isManual: boolean; below: number }) {
  return (
    <li className="ffs-divider" data-cy="faiss-cutoff">
      <span>
        below {isManual ? "your" : "the automatic"} score cutoff ({below})
      </span>
    </li>
  );
}

/** Moves the score cutoff, and hides the results below it. */
export function CutoffControl({ search, count }: { search: Search; count: number }) {
  const { hidesBelowCutoff, update, neighbors } = search;
  const { position, isManual } = cutoffOf(search);
  if (!neighbors || count < 2) return null;
  return (
    <div className="ffs-cutoff-control">
      <label title="The number of results above the score cutoff">
        Score cutoff
        <span className="ffs-cutoff-slider">
        <input
          type="range"
          min="0"
          max={count}
          data-cy="faiss-cutoff-slider"
          aria-valuetext={`after ${position} of ${count}`}
          value={position}
          onChange={(event) => update({ cutoff: Number(event.target.value) })}
        />
        <Histogram results={neighbors.results} position={position} />
        </span>
        <output>
          {position} of {count}
        </output>
      </label>
      {isManual && (
        <button
          type="button"
          className="ffs-link"
          data-cy="faiss-cutoff-reset"
          onClick={() => update({ cutoff: null })}
        >
          automatic
        </button>
      )}
      <label>
        <input
          type="checkbox"
          data-cy="faiss-cutoff-hide"
          checked={hidesBelowCutoff}
          onChange={(event) => update({ hidesBelowCutoff: event.target.checked })}
        />
        Hide results below
      </label>
    </div>
  );
}
