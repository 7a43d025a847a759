import React, { memo, type MouseEvent } from "react";
import type { Band, ResultRow, TileField } from "../../generated.ts";
import { percent, topShare } from "../../format/numbers.ts";
import { fieldTexts, tileName, tileTitle } from "../../format/tile.ts";
import type { Rating } from "../../state/searchState.ts";
import type { TilePrefs } from "../../state/tilePrefs.ts";
import { TileFields } from "./TileFields.tsx";
import { TileImage } from "./TileImage.tsx";
import { TileControls } from "./TileControls.tsx";
import type { TileActions } from "./tileActions.ts";

const BANDS: Record<Band, string> = { strong: "Strong", likely: "Likely", weak: "Weak" };

interface TileProps {
  result: ResultRow;
  index: number;
  total: number;
  otherDataset?: string | undefined;
  rating: Rating | null;
  isSelected: boolean;
  isTagged: boolean;
  isExpanded: boolean;
  isTabStop: boolean;
  /** The address of the image; null while a frame is decoded. */
  source: string | null;
  fit: TilePrefs["fit"];
  fields: TileField[];
  values: Record<string, string[]> | undefined;
  actions: TileActions;
}

/** A result: its image, band, score, percentile and fields, and what can be done with it. */
export const Tile = memo(function Tile(props: TileProps) {
  const { result, index, total, otherDataset, rating, isSelected, isTabStop, actions } = props;
  const { id } = result;
  const onClick = (event: MouseEvent) => {
    if (!actions.select || !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      actions.open(result);
    } else if (event.shiftKey) {
      actions.selectTo(id);
    } else {
      actions.select(id, !isSelected);
    }
  };
  return (
    <li
      className={classesOf(props)}
      onPointerEnter={(event) => actions.hover(id, event.currentTarget, event.pointerType)}
      onPointerMove={(event) => actions.hover(id, event.currentTarget, event.pointerType)}
      onPointerLeave={() => actions.hover(null)}
    >
      <button
        type="button"
        className="ffs-open"
        data-cy="faiss-result"
        data-id={id}
        data-place={index}
        aria-label={[
          tileName(result, index, total, rating, otherDataset, isSelected),
          ...fieldTexts(props.fields, props.values),
        ].join(", ")}
        title={tileTitle(result, otherDataset)}
        tabIndex={isTabStop ? 0 : -1}
        onFocus={() => actions.focus(id)}
        onClick={onClick}
      >
        <span className="ffs-image">
          <TileImage source={props.source} box={result.bounding_box ?? null} fit={props.fit} />
        </span>
        <Caption result={result} />
        <TileFields fields={props.fields} values={props.values} />
      </button>
      <TileControls {...props} />
    </li>
  );
});

function classesOf({ result, rating, isSelected, isTagged }: TileProps): string {
  return [
    "ffs-tile",
    rating && `ffs-${rating}`,
    isSelected && "ffs-selected",
    isTagged && "ffs-tagged",
    result.near_duplicates > 0 && "ffs-stack",
  ]
    .filter(Boolean)
    .join(" ");
}

function Caption({ result: { band, relevance, score, percentile } }: { result: ResultRow }) {
  const share = topShare(percentile);
  return (
    <span className="ffs-caption" aria-hidden="true">
      {band && (
        <span className={`ffs-band ffs-band-${band}`} data-cy="faiss-band">
          {BANDS[band]}
        </span>
      )}
      {relevance !== null && (
        <span
          className="ffs-relevance"
          data-cy="faiss-relevance"
          title="The estimated probability that this is what you asked for"
        >
          {percent(relevance)}
        </span>
      )}
      {share && (
        <span className="ffs-percentile" data-cy="faiss-percentile">
          {share}
        </span>
      )}
      <span className="ffs-score" title="The score">
        {score.toFixed(2)}
      </span>
    </span>
  );
}
