import React, { useLayoutEffect, useRef } from "react";
import type { AnswerTerm, ResultRow } from "../../generated.ts";
import { barsOf } from "../../format/contributions.ts";
import { TIGHT } from "../../format/crop.ts";
import { twoDigits } from "../../format/numbers.ts";
import { placeBeside } from "../../format/previewPlace.ts";
import { fileName } from "../../format/tile.ts";
import { TileImage } from "./TileImage.tsx";

interface PreviewProps {
  result: ResultRow;
  source: string | null;
  /** The terms whose contributions the result has. */
  terms: AnswerTerm[];
}

/** A larger image of a result, or of its patch, and what each term contributes to its score. */
export function Preview({ result, source, terms }: PreviewProps) {
  const { id, filepath, frame_number, score, contributions = [] } = result;
  const root = usePlace(id);
  const box = result.bounding_box ?? null;
  const bars = barsOf(terms, contributions);
  return (
    <div ref={root} className="ffs-preview" data-cy="faiss-preview" data-id={id} role="tooltip">
      <span className="ffs-image">
        <TileImage source={source} box={box} fit="contain" margin={TIGHT} hasOutline={false} />
      </span>
      <b>
        {fileName(filepath)}
        {frame_number ? `, frame ${frame_number}` : ""}
      </b>
      <span className="ffs-note">
        {`Result ${result.rank}, score ${score.toFixed(4)}`}
        {result.band && `, ${result.band}`}
      </span>
      {bars.length > 0 && contributions.length > 0 && (
        <dl className="ffs-bars" data-cy="faiss-bars">
          {bars.map(({ text, sign, value, start, length }, i) => (
            <div key={i}>
              <dt>
                {sign === "-" ? "− " : ""}
                {text}
              </dt>
              <dd>
                <span className={value < 0 ? "ffs-bar-track ffs-lowers" : "ffs-bar-track"}>
                  <span style={{ marginLeft: `${start}%`, width: `${length}%` }} />
                </span>
                <output>{twoDigits(value)}</output>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** Places the preview beside its tile, inside the visible part of the panel. */
function usePlace(id: string): React.RefObject<HTMLDivElement> {
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const preview = root.current;
    const column = preview?.parentElement;
    const panel = preview?.closest(".ffs-panel");
    const tile = column?.querySelector(`.ffs-open[data-id="${id}"]`);
    if (!preview || !column || !panel || !tile) return;
    const { left, top } = placeBeside(
      tile.getBoundingClientRect(),
      preview.getBoundingClientRect(),
      panel.getBoundingClientRect()
    );
    const origin = column.getBoundingClientRect();
    preview.style.left = `${left - origin.left}px`;
    preview.style.top = `${top - origin.top}px`;
  });
  return root;
}
