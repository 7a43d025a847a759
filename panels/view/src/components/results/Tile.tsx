import React, { memo, type MouseEvent } from "react";
import type { ResultRow, TileField } from "../../generated.ts";
import { captionOf, fieldTexts, tileName, tileTitle } from "../../format/tile.ts";
import type { Rating } from "../../state/searchState.ts";
import type { TilePrefs } from "../../state/tilePrefs.ts";
import { TileFields } from "./TileFields.tsx";
import { TileImage } from "./TileImage.tsx";
import { TileControls } from "./TileControls.tsx";
import type { TileActions } from "./tileActions.ts";

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
        aria-label={tileName(
          result,
          index,
          total,
          rating,
          otherDataset,
          isSelected,
          fieldTexts(props.fields, props.values)
        )}
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

function Caption({ result }: { result: ResultRow }) {
  const { band, relevance, share, score } = captionOf(result);
  // Spaces separate the words where the layout does not matter.
  return (
    <span className="ffs-caption" aria-hidden="true">
      {band && (
        <span className={`ffs-band ffs-band-${result.band}`} data-cy="faiss-band">
          {band}
        </span>
      )}{" "}
      {relevance && (
        <span
          className="ffs-relevance"
          data-cy="faiss-relevance"
          title="The estimated probability that this is what you asked for"
        >
          {relevance}
        </span>
      )}{" "}
      {share && (
        <span className="ffs-percentile" data-cy="faiss-percentile">
          {share}
        </span>
      )}{" "}
      <span className="ffs-score" title="The score">
        {score}
      </span>{" "}
    </span>
  );
}
