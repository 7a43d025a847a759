import React, { type CSSProperties, type ReactNode, useRef, useState } from "react";
import type { Server } from "../../app/server.ts";
import type { AnswerTerm, ResultRow, TileField } from "../../generated.ts";
import { onGridKey } from "../../keyboard/gridKeys.ts";
import type { Rating, Ratings } from "../../state/searchState.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { useTilePrefs } from "../../state/useTilePrefs.ts";
import type { TileTexts } from "../../state/useTileValues.ts";
import { DuplicateTiles } from "./DuplicateTiles.tsx";
import { Preview } from "./Preview.tsx";
import type { OpenResult } from "./ResultColumns.tsx";
import { sourceOf } from "./sources.ts";
import { Tile } from "./Tile.tsx";
import type { GridActions } from "./tileActions.ts";
import { usePreview } from "./usePreview.ts";
import { useRectangle } from "./useRectangle.ts";
import { useFocusInside, useTabStop } from "./useTabStop.ts";
import { keyActions, selectInside, useTileActions } from "./useTileActions.ts";

export interface TileMarks {
  ratings?: Ratings;
  selected?: ReadonlySet<string>;
  tagged?: ReadonlySet<string>;
}

interface ResultGridProps {
  results: ResultRow[];
  /** The number of results, with those that are hidden. */
  total: number;
  label: string;
  /** The number of results before the divider; null without one. */
  cutoff: number | null;
  divider?: ReactNode;
  isStale: boolean;
  server: Server;
  patches_field: string | null;
  terms?: AnswerTerm[] | undefined;
  marks?: TileMarks;
  fields?: TileField[];
  texts?: TileTexts;
  /** The dataset of the results, if it is another. */
  otherDataset?: string;
  open: OpenResult;
  actions?: GridActions;
}

const NO_FIELDS: TileField[] = [];
const NO_TERMS: AnswerTerm[] = [];
const NO_IDS: ReadonlySet<string> = new Set();

/** Results as a grid of images, in which the arrow keys move. */
export function ResultGrid(props: ResultGridProps) {
  const { results, total, label, cutoff, divider, isStale, server, patches_field } = props;
  const { marks = {}, fields = NO_FIELDS, texts = {}, otherDataset, actions } = props;
  const { ratings, selected = NO_IDS, tagged = NO_IDS } = marks;
  const list = useRef<HTMLOListElement>(null);
  // The Tab key leads to this result, also in a new order.
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const [expanded, setExpanded] = useState<string[]>([]);
  const focusedIndex = useTabStop(list, results, focusedId);
  useFocusInside(list, focusedIndex);
  const { fit, size } = useTilePrefs();
  const where = { patches_field, ...(otherDataset && { dataset: otherDataset }) };
  const images = useFrameImages(server, results, where);
  const preview = usePreview();
  const tileActions = useTileActions(props, preview, setFocusedId, setExpanded);
  const ids = results.map(({ id }) => id);
  const { rectangle, handlers } = useRectangle(
    actions && ((inside, isAdded) => selectInside(inside, isAdded, ids, actions))
  );

  const tile = (result: ResultRow, index: number) => (
    <React.Fragment key={result.id}>
      <Tile
        {...{ result, index, total, otherDataset, fit, fields }}
        rating={ratingOf(result.id, ratings)}
        isSelected={selected.has(result.id)}
        isTagged={tagged.has(result.id)}
        isExpanded={expanded.includes(result.id)}
        isTabStop={index === focusedIndex}
        source={sourceOf(result, images)}
        values={texts[result.id]}
        actions={tileActions}
      />
      {expanded.includes(result.id) && result.near_duplicates > 0 && (
        <DuplicateTiles
          {...{ result, server, patches_field, otherDataset, fit }}
          open={(duplicate) => tileActions.open({ ...result, ...duplicate })}
        />
      )}
    </React.Fragment>
  );
  const isDivided = cutoff !== null && cutoff < results.length;
  const end = isDivided ? cutoff : results.length;
  const shown = results.find(({ id }) => id === preview.id);
  const style = (size ? { "--ffs-tile": `${size}px` } : {}) as CSSProperties;
  return (
    <div className="ffs-grid-area" style={style} {...handlers}>
      <ol
        ref={list}
        className={gridClasses(isStale, fit === "cover", selected.size > 0)}
        aria-label={label}
        aria-busy={isStale}
        onKeyDown={(event) => onGridKey(event, keyActions(props, selected, preview, tileActions))}
        onKeyUp={(event) => event.key === " " && isTile(event.target) && event.preventDefault()}
      >
        {results.slice(0, end).map(tile)}
        {isDivided && divider}
        {results.slice(end).map((result, i) => tile(result, end + i))}
      </ol>
      {rectangle && (
        <span
          className="ffs-rectangle"
          style={{
            left: rectangle.left,
            top: rectangle.top,
            width: rectangle.right - rectangle.left,
            height: rectangle.bottom - rectangle.top,
          }}
        />
      )}
      {shown && (
        <Preview
          result={shown}
          source={sourceOf(shown, images)}
          terms={props.terms ?? NO_TERMS}
        />
      )}
    </div>
  );
}

function gridClasses(isStale: boolean, isCover: boolean, isSelecting: boolean): string {
  const classes = [
    "ffs-grid",
    isStale && "ffs-stale",
    isCover && "ffs-cover",
    isSelecting && "ffs-selecting",
  ];
  return classes.filter(Boolean).join(" ");
}

function isTile(target: EventTarget): boolean {
  return (target as Element).matches(".ffs-open");
}

function ratingOf(id: string, ratings: Ratings | undefined): Rating | null {
  if (ratings?.liked.includes(id)) return "liked";
  return ratings?.disliked.includes(id) ? "disliked" : null;
}
