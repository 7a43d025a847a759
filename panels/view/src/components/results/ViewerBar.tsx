import React, { useEffect, useRef } from "react";
import { type ShowInViewer, useSampleViewer } from "../../app/viewer.ts";
import { twoDigits } from "../../format/numbers.ts";
import { viewerAction } from "../../keyboard/viewerPlaces.ts";
import { cutoffOf } from "../../state/cutoff.ts";
import { type Rating, ratingsOf, taggedIds } from "../../state/searchState.ts";
import type { Search } from "../../state/useSearch.ts";
import type { Tagging } from "../../state/useTagging.ts";
import { IconButton } from "../Icon.tsx";

const THUMBS = [
  { rating: "liked", icon: "like", label: "More like this (key: g)" },
  { rating: "disliked", icon: "dislike", label: "Less like this (key: b)" },
] as const;

interface ViewerBarProps {
  search: Search;
  tagging: Tagging;
  show: ShowInViewer;
}

/** While the sample viewer shows a result: its place, and what can be done with it. */
export function ViewerBar({ search, tagging, show }: ViewerBarProps) {
  const { shownId } = useSampleViewer();
  const { included: results } = cutoffOf(search);
  const place = results.findIndex(({ id }) => id === shownId);
  const result = results[place];
  const ids = results.map(({ id }) => id);
  const isShown = Boolean(shownId && result);
  const act = {
    tag: () => {
      if (!shownId) return;
      void tagging.toggle(shownId);
      const next = ids[place + 1];
      if (next) void show(ids, next);
    },
    rate: (rating: Rating) => shownId && search.rate(shownId, rating),
  };
  useViewerKeys(isShown, act);
  if (!result) return null;
  const ratings = ratingsOf(search);
  const isTagged = taggedIds(search.taggings, search.tag).has(result.id);
  return window.ReactDOM.createPortal(
    <div
      className="ffs-viewer-bar"
      role="toolbar"
      aria-label="Result"
      data-cy="faiss-viewer-bar"
      // A click leaves the focus, and the keys, to the viewer.
      onMouseDown={(event) => event.preventDefault()}
      onPointerDown={(event) => event.stopPropagation()}
    >
      <span role="status">
        Result {place + 1} of {results.length}
      </span>
      <span>{twoDigits(result.score)}</span>
      {THUMBS.map(({ rating, icon, label }) => (
        <IconButton
          key={rating}
          {...{ icon, label }}
          data-cy={`faiss-viewer-${icon}`}
          aria-pressed={ratings[rating].includes(result.id)}
          onClick={() => act.rate(rating)}
        />
      ))}
      <button
        type="button"
        className="ffs-button"
        data-cy="faiss-viewer-tag"
        title="Key: t"
        onClick={act.tag}
      >
        {isTagged ? "Untag" : "Tag"} “{search.tag}” and go on
      </button>
    </div>,
    document.body
  );
}

interface ViewerActions {
  tag: () => void;
  rate: (rating: Rating) => void;
}

/** Acts on the keys while the viewer shows a result. */
function useViewerKeys(isShown: boolean, actions: ViewerActions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    if (!isShown) return undefined;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const isField = (event.target as Element).matches?.("input, textarea, [contenteditable]");
      const action = viewerAction(event.key, isField);
      if (!action) return;
      event.preventDefault();
      event.stopPropagation();
      if (action === "tag") latest.current.tag();
      else latest.current.rate(action === "like" ? "liked" : "disliked");
    };
    document.addEventListener("keydown", onKeyDown, true);
    return () => document.removeEventListener("keydown", onKeyDown, true);
  }, [isShown]);
}
