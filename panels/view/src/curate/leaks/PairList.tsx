import React, { type KeyboardEvent, useRef } from "react";
import type { PairRow } from "../../generated.ts";
import { FileImage } from "../shared/FileImage.tsx";
import { distanceText } from "../state/thresholds.ts";
import { MoreButton } from "../shared/MoreButton.tsx";

interface PairListProps {
  pairs: PairRow[];
  frames: ReadonlyMap<string, string | null>;
  total: number;
  more: () => Promise<void>;
  compare: (pair: PairRow) => void;
}

/** What to say of a pair. */
export function pairTexts({ split_a, split_b, verdict, confidence, distance, reason }: PairRow) {
  const sure = confidence > 0 ? ` (${Math.round(100 * confidence)} % sure)` : "";
  const why = reason ? `: ${reason}` : "";
  return {
    labelA: split_a,
    labelB: split_b,
    text: `${verdict}${sure}, distance ${distanceText(distance)}${why}`,
  };
}

/** The pairs as rows: training side, test side, verdict. */
export function PairList({ pairs, frames, total, more, compare }: PairListProps) {
  const root = useRef<HTMLOListElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const rows = [...(root.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const next = rows[rows.indexOf(document.activeElement as HTMLElement) + step];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    next.focus();
  };
  return (
    <>
      <ol ref={root} className="ffs-curate-pairs" data-cy="curate-pairs" onKeyDown={onKeyDown}>
        {pairs.map((pair) => {
          const { labelA, labelB, text } = pairTexts(pair);
          return (
            <li key={`${pair.a.id}/${pair.b.id}`}>
              <button
                type="button"
                className="ffs-open ffs-curate-pair"
                data-cy="curate-pair"
                data-verdict={pair.verdict}
                onClick={() => compare(pair)}
              >
                {([pair.a, pair.b] as const).map((file, i) => (
                  <span key={file.id} className="ffs-curate-side-of">
                    <FileImage file={file} frame={frames.get(file.id) ?? null} />
                    <span className="ffs-curate-split">{i ? labelB : labelA}</span>
                  </span>
                ))}
                <span className="ffs-curate-pair-text">{text}</span>
              </button>
            </li>
          );
        })}
      </ol>
      <MoreButton shown={pairs.length} total={total} things="pairs" more={more} />
    </>
  );
}
