import React from "react";
import type { ResultRow } from "../../generated.ts";
import type { Rating } from "../../state/searchState.ts";
import { IconButton } from "../Icon.tsx";
import type { TileActions } from "./tileActions.ts";

const RATINGS: Rating[] = ["liked", "disliked"];

interface TileControlsProps {
  result: ResultRow;
  index: number;
  rating: Rating | null;
  isSelected: boolean;
  isTagged: boolean;
  isExpanded: boolean;
  isTabStop: boolean;
  actions: TileActions;
}

/** The controls that lie over the image of a result: checkbox, thumbs, tag, why, near-duplicates. */
export function TileControls(props: TileControlsProps) {
  const { result, index, rating, isSelected, isTagged, isExpanded, isTabStop, actions } = props;
  const { id, near_duplicates: duplicates } = result;
  const { select, rate, tag, explain } = actions;
  const tabIndex = isTabStop ? 0 : -1;
  const number = index + 1;
  return (
    <span className="ffs-over">
      {select && (
        <input
          type="checkbox"
          className="ffs-check"
          data-cy="faiss-select"
          aria-label={`Select result ${number}`}
          tabIndex={tabIndex}
          checked={isSelected}
          onChange={(event) => select(id, event.target.checked)}
        />
      )}
      {rate && (
        <span className="ffs-thumbs">
          {RATINGS.map((kind) => (
            <Thumb key={kind} {...{ kind, rating, tabIndex, number }} rate={() => rate(id, kind)} />
          ))}
        </span>
      )}
      {tag && (
        <IconButton
          icon="tag"
          size={15}
          label={isTagged ? `Untag result ${number}` : `Tag result ${number}`}
          data-cy="faiss-tag-one"
          aria-pressed={isTagged}
          tabIndex={tabIndex}
          onClick={() => tag(id)}
        />
      )}
      {explain && (
        <IconButton
          icon="why"
          size={15}
          label={`Why result ${number} matches`}
          data-cy="faiss-why-one"
          tabIndex={tabIndex}
          onClick={() => explain(id)}
        />
      )}
      {duplicates > 0 && (
        <button
          type="button"
          className="ffs-near-duplicates"
          data-cy="faiss-near-duplicates"
          aria-expanded={isExpanded}
          tabIndex={tabIndex}
          onClick={() => actions.expand(id)}
        >
          +{duplicates} {duplicates === 1 ? "duplicate" : "duplicates"}
        </button>
      )}
    </span>
  );
}

interface ThumbProps {
  kind: Rating;
  rating: Rating | null;
  tabIndex: number;
  number: number;
  rate: () => void;
}

function Thumb({ kind, rating, tabIndex, number, rate }: ThumbProps) {
  const name = kind === "liked" ? "like" : "dislike";
  return (
    <IconButton
      icon={name}
      size={15}
      label={kind === "liked" ? `More like result ${number}` : `Less like result ${number}`}
      data-cy={`faiss-${name}`}
      aria-pressed={rating === kind}
      tabIndex={tabIndex}
      onClick={rate}
    />
  );
}
