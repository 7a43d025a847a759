import React, { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import type { ResultRow } from "../../generated.ts";
import { nextIndex } from "../../keyboard/gridNavigation.ts";
import type { Rating, Ratings } from "../../state/searchState.ts";
import type { OpenResult } from "./ResultColumns.tsx";
import { type RateResult, Tile } from "./Tile.tsx";

const RATING_KEYS: Record<string, Rating> = { "+": "liked", "=": "liked", "-": "disliked" };

interface ResultGridProps {
  results: ResultRow[];
  /** The number of results, with those that are hidden. */
  total: number;
  label: string;
  /** The number of results before the divider; null without one. */
  cutoff: number | null;
  divider?: ReactNode;
  isStale: boolean;
  ratings?: Ratings;
  /** The dataset of the results, if it is another. */
  otherDataset?: string;
  open: OpenResult;
  /** Without it, the results cannot be rated. */
  rate?: RateResult;
}

/** Results as a grid of images, in which the arrow keys move. */
export function ResultGrid(props: ResultGridProps) {
  const { results, total, label, cutoff, divider, isStale, ratings, rate } = props;
  const { otherDataset, open } = props;
  const list = useRef<HTMLOListElement>(null);
  // The Tab key leads to this result, also in a new order.
  const [focusedId, setFocusedId] = useState<string | null>(null);
  const focusedIndex = Math.max(0, results.findIndex(({ id }) => id === focusedId));
  useFocusInside(list, focusedIndex);

  const tile = (result: ResultRow, index: number) => (
    <Tile
      key={result.id}
      {...{ result, index, total, otherDataset, open, rate }}
      rating={ratingOf(result.id, ratings)}
      isTabStop={index === focusedIndex}
      onFocus={setFocusedId}
    />
  );
  const isDivided = cutoff !== null && cutoff < results.length;
  const end = isDivided ? cutoff : results.length;
  return (
    <ol
      ref={list}
      className={isStale ? "ffs-grid ffs-stale" : "ffs-grid"}
      aria-label={label}
      aria-busy={isStale}
      onKeyDown={(event) => onGridKey(event, rate)}
    >
      {results.slice(0, end).map(tile)}
      {isDivided && divider}
      {results.slice(end).map((result, i) => tile(result, end + i))}
    </ol>
  );
}

function ratingOf(id: string, ratings: Ratings | undefined): Rating | null {
  if (ratings?.liked.includes(id)) return "liked";
  return ratings?.disliked.includes(id) ? "disliked" : null;
}

/** Keeps the focus in the grid when the result that had it is removed. */
function useFocusInside(list: React.RefObject<HTMLOListElement>, index: number): void {
  const hadFocus = list.current?.contains(document.activeElement);
  useEffect(() => {
    if (hadFocus && !list.current?.contains(document.activeElement)) {
      list.current?.querySelectorAll<HTMLElement>(".ffs-open")[index]?.focus();
    }
  });
}

function onGridKey(event: KeyboardEvent<HTMLElement>, rate: RateResult | undefined): void {
  const button = (event.target as Element).closest<HTMLElement>(".ffs-open");
  if (!button || event.ctrlKey || event.metaKey || event.altKey) return;
  const rating = RATING_KEYS[event.key];
  if (rate && rating) {
    rate(button.dataset.id ?? "", rating);
  } else {
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>(".ffs-open")];
    const boxes = all.map((element) => element.getBoundingClientRect());
    const next = nextIndex(boxes, all.indexOf(button), event.key);
    // At an edge of the grid, the page does not scroll either.
    if (next === undefined && !/^(Arrow|Home|End)/.test(event.key)) return;
    if (next !== undefined) all[next]?.focus();
  }
  event.preventDefault();
  event.stopPropagation();
}

/** Placeholders while the first search runs. */
export function Skeletons({ count = 12 }: { count?: number }) {
  return (
    <div className="ffs-grid" aria-hidden="true" data-cy="faiss-skeletons">
      {Array.from({ length: count }, (_, i) => (
        <div key={i} className="ffs-tile ffs-skeleton">
          <span className="ffs-image" />
          <span className="ffs-caption" />
        </div>
      ))}
    </div>
  );
}
