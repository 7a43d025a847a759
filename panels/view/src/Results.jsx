import { React, mediaUrl } from "./app.js";

/** The neighbours as a wrapping grid of pictures with scores; a click opens one. */
export function Results({ found, busy, open }) {
  if (!found) return busy ? <Skeletons /> : null;
  return (
    <div className={busy ? "ffs-grid ffs-stale" : "ffs-grid"}>
      {found.results.map((one, place) => (
        <button
          type="button"
          key={one.id}
          className="ffs-result"
          data-cy="faiss-result"
          data-id={one.id}
          title={`Open number ${place + 1}, score ${one.score.toFixed(3)}`}
          onClick={() => open(one.id)}
        >
          <img src={mediaUrl(one.path)} alt={`Result ${place + 1}`} loading="lazy" />
          <span className="ffs-score">{one.score.toFixed(2)}</span>
        </button>
      ))}
    </div>
  );
}

function Skeletons() {
  return (
    <div className="ffs-grid" aria-hidden="true">
      {Array.from({ length: 12 }, (_, i) => (
        <div key={i} className="ffs-result ffs-skeleton" />
      ))}
    </div>
  );
}
