import { React, mediaUrl, memo, useState } from "./app.js";
import { cropOf } from "./crop.js";
import { topShare } from "./format.js";
import { IconButton } from "./icons.jsx";

const BANDS = { strong: "Strong", likely: "Likely", weak: "Weak" };

/**
 * A result: its picture, how good it is in words, colour and numbers, and whether it was liked.
 *
 * @param elsewhere the dataset that it is of, if it is another
 * @param rating "liked", "disliked" or null
 * @param rate called with the id and a rating; without it there is none
 * @param isActive whether the tab key leads here
 */
export const Tile = memo(function Tile(props) {
  const { one, place, count, elsewhere, rating, isActive, open, rate, enter } = props;
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
        aria-label={nameOf(one, place, count, rating, elsewhere)}
        title={titleOf(one, elsewhere)}
        tabIndex={reach}
        onFocus={() => enter(one.id)}
        onClick={() => open(one)}
      >
        <span className="ffs-picture">
          <Picture path={one.path} box={one.bounding_box} />
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

/** An image; of a label, the part of it that shows the label. */
function Picture({ path, box }) {
  // Where the part is can only be said of an image whose proportions are known.
  const [size, setSize] = useState(null);
  const onLoad = ({ target }) => setSize([target.naturalWidth, target.naturalHeight]);
  if (!box) return <img src={mediaUrl(path)} alt="" loading="lazy" />;
  const style = size ? cropOf(box, size) : { visibility: "hidden" };
  return (
    <img
      className="ffs-cropped"
      src={mediaUrl(path)}
      alt=""
      loading="lazy"
      {...{ style, onLoad }}
    />
  );
}

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

function nameOf({ path, score, band, percentile, copies }, place, count, rating, elsewhere) {
  return [
    `Result ${place + 1} of ${count}`,
    fileOf(path),
    `score ${score.toFixed(2)}`,
    band && `${band} match`,
    topShare(percentile),
    copies > 0 && `${copies} ${copies === 1 ? "copy" : "copies"} folded`,
    rating,
    elsewhere && `opens the dataset ${elsewhere}`,
  ]
    .filter(Boolean)
    .join(", ");
}

function titleOf({ path, score, distance }, elsewhere) {
  const far = Number.isFinite(distance) ? `, distance ${distance.toFixed(4)}` : "";
  const opens = elsewhere ? `; opens the dataset ${elsewhere}` : "";
  return `${fileOf(path)}: score ${score.toFixed(4)}${far}${opens}`;
}

function fileOf(path) {
  return path ? path.split(/[\\/]/).pop() : "a file that is gone";
}
