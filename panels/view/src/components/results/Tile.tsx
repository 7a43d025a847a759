import React, { memo, type SyntheticEvent, useState } from "react";
import { mediaUrl } from "../../app/viewer.ts";
import type { Band, BoundingBox, ResultRow } from "../../generated.ts";
import { cropOf, type Size } from "../../format/crop.ts";
import { topShare } from "../../format/numbers.ts";
import { tileName, tileTitle } from "../../format/tile.ts";
import type { Rating } from "../../state/searchState.ts";
import { IconButton } from "../Icon.tsx";
import type { OpenResult } from "./ResultColumns.tsx";

const BANDS: Record<Band, string> = { strong: "Strong", likely: "Likely", weak: "Weak" };
const RATINGS: Rating[] = ["liked", "disliked"];

export type RateResult = (id: string, rating: Rating) => void;

interface TileProps {
  result: ResultRow;
  index: number;
  total: number;
  otherDataset?: string | undefined;
  rating: Rating | null;
  isTabStop: boolean;
  open: OpenResult;
  rate?: RateResult | undefined;
  onFocus: (id: string) => void;
}

/** A result: its image, band, score and percentile, and its rating. */
export const Tile = memo(function Tile(props: TileProps) {
  const { result, index, total, otherDataset, rating, isTabStop, open, rate, onFocus } = props;
  const { id, near_duplicates: duplicates } = result;
  const tabIndex = isTabStop ? 0 : -1;
  return (
    <li className={rating ? `ffs-tile ffs-${rating}` : "ffs-tile"}>
      <button
        type="button"
        className="ffs-open"
        data-cy="faiss-result"
        data-id={id}
        data-place={index}
        aria-label={tileName(result, index, total, rating, otherDataset)}
        title={tileTitle(result, otherDataset)}
        tabIndex={tabIndex}
        onFocus={() => onFocus(id)}
        onClick={() => open(result)}
      >
        <span className="ffs-image">
          <Image path={result.filepath} box={result.bounding_box ?? null} />
          {duplicates > 0 && (
            <span className="ffs-near-duplicates" data-cy="faiss-near-duplicates">
              +{duplicates} {duplicates === 1 ? "duplicate" : "duplicates"}
            </span>
          )}
        </span>
        <Caption result={result} />
      </button>
      {rate && (
        <span className="ffs-thumbs">
          {RATINGS.map((kind) => (
            <Thumb key={kind} {...{ kind, rating, tabIndex, index }} rate={() => rate(id, kind)} />
          ))}
        </span>
      )}
    </li>
  );
});

function Caption({ result: { band, score, percentile } }: { result: ResultRow }) {
  const share = topShare(percentile);
  return (
    <span className="ffs-caption">
      {band && (
        <span className={`ffs-band ffs-band-${band}`} data-cy="faiss-band">
          {BANDS[band]}
        </span>
      )}
      <span className="ffs-score">{score.toFixed(2)}</span>
      {share && (
        <span className="ffs-percentile" data-cy="faiss-percentile">
          {share}
        </span>
      )}
    </span>
  );
}

/** An image, or the part of it in a bounding box. */
function Image({ path, box }: { path: string | null; box: BoundingBox | null }) {
  // The crop needs the proportions of the image.
  const [size, setSize] = useState<Size | null>(null);
  if (!box) return <img src={mediaUrl(path)} alt="" loading="lazy" />;
  const onLoad = ({ currentTarget }: SyntheticEvent<HTMLImageElement>) =>
    setSize([currentTarget.naturalWidth, currentTarget.naturalHeight]);
  return (
    <img
      className="ffs-cropped"
      src={mediaUrl(path)}
      alt=""
      loading="lazy"
      style={size ? cropOf(box, size) : { visibility: "hidden" }}
      onLoad={onLoad}
    />
  );
}

interface ThumbProps {
  kind: Rating;
  rating: Rating | null;
  tabIndex: number;
  index: number;
  rate: () => void;
}

function Thumb({ kind, rating, tabIndex, index, rate }: ThumbProps) {
  const name = kind === "liked" ? "like" : "dislike";
  return (
    <IconButton
      icon={name}
      size={16}
      label={kind === "liked" ? `More like result ${index + 1}` : `Less like result ${index + 1}`}
      data-cy={`faiss-${name}`}
      aria-pressed={rating === kind}
      tabIndex={tabIndex}
      onClick={rate}
    />
  );
}
