import React from "react";
import type { TextTagRow, TextTagsRun } from "../../generated.ts";
import { percent } from "../../format/numbers.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { ImageRow } from "../shared/ImageRow.tsx";
import { nounOf } from "../state/nouns.ts";
import { statusText, tagPrecisionText } from "../state/textTags.ts";
import { ScoreHistogram } from "./ScoreHistogram.tsx";

interface TagItemProps {
  run: TextTagsRun;
  row: TextTagRow;
  isSaved: boolean;
  isAsking: boolean;
  frames: ReadonlyMap<string, string | null>;
  toggle: () => void;
  show: () => void;
  ask: () => void;
  children?: React.ReactNode;
}

/** A prompt: what it tags and why, its scores, and the samples that match it best. */
export function TagItem(props: TagItemProps) {
  const { run, row, isSaved, isAsking, frames, toggle, show, ask, children } = props;
  const { tag, text, status, count, precision, presence, best } = row;
  const noun = nounOf(run);
  return (
    <li className="ffs-curate-group" data-cy="curate-text-tag" data-tag={tag} data-status={status}>
      <div className="ffs-curate-cluster-head">
        <label className="ffs-curate-name">
          <input
            type="checkbox"
            data-cy="curate-tag-select"
            aria-label={`Save “${tag}”`}
            checked={isSaved}
            disabled={!count}
            onChange={toggle}
          />
          <strong>{tag}</strong>
          {text !== tag && <span className="ffs-note">“{text}”</span>}
        </label>
        <span className="ffs-curate-cluster-acts">
          <button
            type="button"
            className="ffs-button"
            data-cy="curate-show-tag"
            aria-label={`Show in the grid: “${tag}”`}
            {...disabledIf(!count, show)}
          >
            Show in the grid
          </button>
          <button
            type="button"
            className="ffs-button"
            data-cy="curate-ask"
            aria-expanded={isAsking}
            aria-label={`Ten answers about “${tag}”`}
            onClick={ask}
          >
            Ten answers
          </button>
        </span>
      </div>
      <p data-cy="curate-tag-status" title={`Probability that it is there: ${percent(presence)}`}>
        {statusText(row, noun)}
      </p>
      {precision && (
        <p data-cy="curate-tag-precision">
          <strong>{tagPrecisionText(precision, noun)}</strong>
        </p>
      )}
      {children || (
        <>
          <ScoreHistogram row={row} />
          <ImageRow
            label={`Best matches of “${tag}”`}
            name="curate-tag-best"
            frames={frames}
            images={best.map(({ file, score, is_tagged }) => ({
              file,
              caption: `${score.toFixed(3)}${is_tagged ? "" : " no"}`,
              title: is_tagged ? "It gets the tag" : "It does not get the tag",
            }))}
          />
        </>
      )}
    </li>
  );
}
