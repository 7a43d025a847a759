import { React, mediaUrl, memo } from "./app.js";
import { topShare } from "./format.js";
import { IconButton } from "./icons.jsx";

const BANDS = { strong: "Strong", likely: "Likely", weak: "Weak" };

/**
 * A result: its picture, how good it is in words, colour and numbers, and whether it was liked.
 *
 * @param rating "liked", "disliked" or null
 * @param rate called with the id and a rating; without it there is none
 * @param isActive whether the tab key leads here
 */
export const Tile = memo(function Tile({ one, place, count, rating, isActive, open, rate, enter }) {
  const share = topShare(one.percentile);
  const reach = isActive ? 0 : -1;
  return (
    <li className={rating ? `ffs-tile ffs-${rating}` : "ffs-tile"}>
      <button
        type="button"
        className="ffs-open"
        data-cy="faiss-result"
        data-id={one.id}
        data-place={place}
        aria-label={nameOf(one, place, count, rating)}
        title={titleOf(one, place)}
        tabIndex={reach}
        onFocus={() => enter(one.id)}
        onClick={() => open(one)}
      >
        <span className="ffs-picture">
          <img src={mediaUrl(one.path)} alt="" loading="lazy" />
          {one.copies > 0 && (
            <span className="ffs-copies" data-cy="faiss-copies">
              +{one.copies} {one.copies === 1 ? "copy" : "copies"}
            </span>
          )}
        </span>
        <span className="ffs-caption">
          {one.band && (
            <span className={`ffs-band ffs-band-${one.band}`} data-cy="faiss-band">
              {BANDS[one.band]}
            </span>
          )}
          <span className="ffs-score">{one.score.toFixed(2)}</span>
          {share && (
            <span className="ffs-share" data-cy="faiss-percentile">
              {share}
            </span>
          )}
        </span>
      </button>
      {rate && (
        <span className="ffs-thumbs">
          {["liked", "disliked"].map((kind) => (
            <Thumb key={kind} {...{ kind, rating, reach, place }} rate={() => rate(one.id, kind)} />
          ))}
        </span>
      )}
    </li>
  );
});

function Thumb({ kind, rating, reach, place, rate }) {
  const name = kind === "liked" ? "like" : "dislike";
  return (
    <IconButton
      icon={name}
      size={16}
      label={kind === "liked" ? `More like result ${place + 1}` : `Less like result ${place + 1}`}
      data-cy={`faiss-${name}`}
      aria-pressed={rating === kind}
      tabIndex={reach}
      onClick={rate}
    />
  );
}

function nameOf({ band, percentile, copies }, place, count, rating) {
  return [
    `Result ${place + 1} of ${count}`,
    band && `${band} match`,
    topShare(percentile),
    copies > 0 && `${copies} ${copies === 1 ? "copy" : "copies"} folded`,
    rating,
  ]
    .filter(Boolean)
    .join(", ");
}

function titleOf({ score, distance }, place) {
  const far = Number.isFinite(distance) ? `, distance ${distance.toFixed(4)}` : "";
  return `Open number ${place + 1}: score ${score.toFixed(4)}${far}`;
}
