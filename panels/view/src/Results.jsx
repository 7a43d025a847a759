import { React, useEffect, useRef, useState } from "./app.js";
import { neighbourOf } from "./keys.js";
import { Tile } from "./Tile.jsx";

const RATINGS = { "+": "liked", "=": "liked", "-": "disliked" };

/**
 * Results as a wrapping grid of pictures, in which the arrow keys move.
 *
 * @param cut after how many results the cut-off is drawn; null for none
 * @param divider what is drawn there
 * @param elsewhere the dataset that they are of, if it is another
 */
export function Results(props) {
  const { results, total, label, cut, divider, isStale, ratings, elsewhere, open, rate } = props;
  const list = useRef();
  // The result that the tab key leads to, wherever a new order puts it.
  const [entered, enter] = useState(null);
  const active = Math.max(0, results.findIndex((one) => one.id === entered));
  const hadFocus = list.current?.contains(document.activeElement);
  useEffect(() => {
    // Its result may have gone.
    if (hadFocus && !list.current.contains(document.activeElement)) {
      list.current.querySelectorAll(".ffs-open")[active]?.focus();
    }
  });
  const ratingOf = (id) => ratings && Object.keys(ratings).find((name) => ratings[name].includes(id));

  const onKeyDown = (event) => {
    const button = event.target.closest(".ffs-open");
    if (!button || event.ctrlKey || event.metaKey || event.altKey) return;
    const rating = rate && RATINGS[event.key];
    const all = [...list.current.querySelectorAll(".ffs-open")];
    const next = neighbourOf(button, all, event.key);
    if (rating) rate(button.dataset.id, rating);
    else if (next) next.focus();
    else if (!/^(Arrow|Home|End)/.test(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  const tile = (one, place) => (
    <Tile
      key={one.id}
      {...{ one, place, elsewhere, open, rate, enter }}
      count={total}
      rating={ratingOf(one.id) || null}
      isActive={place === active}
    />
  );
  const isCut = cut !== null && cut < results.length;
  return (
    <ol
      ref={list}
      className={isStale ? "ffs-grid ffs-stale" : "ffs-grid"}
      aria-label={label}
      aria-busy={isStale}
      onKeyDown={onKeyDown}
    >
      {results.slice(0, isCut ? cut : results.length).map(tile)}
      {isCut && divider}
      {isCut && results.slice(cut).map((one, i) => tile(one, cut + i))}
    </ol>
  );
}

export function Skeletons({ count = 12 }) {
  return (
    <div className="ffs-grid" aria-hidden="true" data-cy="faiss-skeletons">
      {Array.from({ length: count }, (_, i) => (
        <div key={i} className="ffs-tile ffs-skeleton">
          <span className="ffs-picture" />
          <span className="ffs-caption" />
        </div>
      ))}
    </div>
  );
}
