import { React } from "./app.js";

/**
 * Where the results are cut off, and which are acted on.
 *
 * @returns {cut, isMoved, kept}: the place, whether a person chose it, and the results to act on
 */
export function cutOf({ found, cut, hidden }) {
  if (!found) return { cut: 0, isMoved: false, kept: [] };
  // What was chosen for variety is not in the order of the scores.
  const automatic = found.params.diversity ? found.results.length : found.cut;
  const place = Math.min(cut ?? automatic, found.results.length);
  return {
    cut: place,
    isMoved: cut !== null && cut !== automatic,
    kept: hidden ? found.results.slice(0, place) : found.results,
  };
}

/** The line between what is above the cut-off and what is below. */
export function Divider({ isMoved, below }) {
  return (
    <li className="ffs-divider" data-cy="faiss-cut">
      <span>
        below {isMoved ? "your" : "the automatic"} cut-off ({below})
      </span>
    </li>
  );
}

/** Moves the cut-off, and hides what is below it. */
export function CutControl({ search }) {
  const { found, hidden, update } = search;
  const { cut, isMoved } = cutOf(search);
  const count = found.results.length;
  if (count < 2) return null;
  return (
    <div className="ffs-cut-control">
      <label title="How many results are above the cut-off">
        Cut-off
        <input
          type="range"
          min="0"
          max={count}
          data-cy="faiss-cut-slider"
          aria-valuetext={`after ${cut} of ${count}`}
          value={cut}
          onChange={(event) => update({ cut: Number(event.target.value) })}
        />
        <output>
          {cut} of {count}
        </output>
      </label>
      {isMoved && (
        <button
          type="button"
          className="ffs-link"
          data-cy="faiss-cut-reset"
          onClick={() => update({ cut: null })}
        >
          automatic
        </button>
      )}
      <label>
        <input
          type="checkbox"
          data-cy="faiss-cut-hide"
          checked={hidden}
          onChange={(event) => update({ hidden: event.target.checked })}
        />
        Hide what is below
      </label>
    </div>
  );
}
