import React, { useEffect, useState } from "react";
import { isFailure } from "../../app/server.ts";
import { counted } from "../../format/numbers.ts";
import type { DistancesAnswer } from "../../generated.ts";
import type { Form, PairsTab } from "../state/curateState.ts";
import { barsOf, distanceText, pairsText, placeOf, rowInForce } from "../state/thresholds.ts";
import { type Curate, findParams } from "../state/useCurate.ts";

interface ThresholdPartProps {
  curate: Curate;
  tab: PairsTab;
  form: Form;
  change: (part: Partial<Form>) => void;
}

/** The threshold over a histogram of the distances of the nearest pairs. */
export function ThresholdPart({ curate, tab, form, change }: ThresholdPartProps) {
  const { distances, error } = useDistances(curate, tab, form);
  if (error) {
    return (
      <p className="ffs-error" role="alert" data-cy="curate-distances-error">
        {error}
      </p>
    );
  }
  if (!distances) {
    return (
      <p className="ffs-note ffs-curate-waiting" role="status">
        Comparing the nearest pairs…
      </p>
    );
  }
  const { table, proposal } = distances;
  const row = rowInForce(distances, form.thresh);
  const high = table.at(-1)?.thresh ?? 1;
  return (
    <div className="ffs-curate-threshold" data-cy="curate-threshold">
      <div className="ffs-curate-histogram">
        <DistanceHistogram {...{ distances }} thresh={row?.thresh ?? null} />
        {proposal && (
          <span
            className="ffs-curate-proposal"
            style={{ left: `calc(8px + ${proposal.thresh / high} * (100% - 16px))` }}
            title={`Proposed: ${distanceText(proposal.thresh)}`}
            data-cy="curate-proposal"
          />
        )}
        <input
          type="range"
          min={0}
          max={Math.max(1, table.length - 1)}
          value={placeOf(table, row?.thresh ?? 0)}
          data-cy="curate-slider"
          aria-label="Largest distance of a pair"
          aria-valuetext={`${distanceText(row?.thresh ?? 0)}${row ? `: ${pairsText(row.pairs, row.expected)}` : ""}`}
          onChange={({ target }) => change({ thresh: table[Number(target.value)]?.thresh ?? null })}
        />
      </div>
      <p className="ffs-curate-estimate" data-cy="curate-estimate" role="status">
        {row ? (
          <>
            <strong>Distance {distanceText(row.thresh)}</strong>
            {form.thresh === null && " (proposed)"}: {pairsText(row.pairs, row.expected)}
          </>
        ) : (
          `Nothing stands out among ${counted(distances.compared, "sample")}: no distance separates ` +
          "duplicates from pairs of different images. Move the slider to see the nearest pairs."
        )}
        {form.thresh !== null && proposal && (
          <>
            {" "}
            <button
              type="button"
              className="ffs-link"
              data-cy="curate-use-proposal"
              onClick={() => change({ thresh: null })}
            >
              Use the proposal, {distanceText(proposal.thresh)}
            </button>
          </>
        )}
      </p>
    </div>
  );
}

function useDistances(curate: Curate, tab: PairsTab, form: Form) {
  const { server, indexes, view, state } = curate;
  const [answer, setAnswer] = useState<DistancesAnswer | null>(null);
  const [error, setError] = useState<string | null>(null);
  const params = findParams(form, tab, indexes, view.grid);
  const isSplit = tab === "leaks";
  const { brain_key, scope } = params;
  const split_field = isSplit ? params.split_field : null;
  // Removed and restored samples change the distances.
  const changes = state?.undo.length ?? 0;
  useEffect(() => {
    let isCurrent = true;
    setError(null);
    void server("distances", { ...params, split_field }).then((next) => {
      if (!isCurrent) return;
      if (isFailure(next)) setError(next.error);
      else setAnswer(next);
    });
    return () => {
      isCurrent = false;
    };
  }, [server, brain_key, scope, split_field, changes]);
  return { distances: answer, error };
}

function DistanceHistogram(props: { distances: DistancesAnswer; thresh: number | null }) {
  const bars = barsOf(props.distances.table, props.thresh);
  return (
    <svg viewBox={`0 0 ${bars.length} 1`} preserveAspectRatio="none" aria-hidden="true">
      {bars.map(({ height, isWithin }, i) => (
        <rect
          key={i}
          className={isWithin ? "ffs-included" : undefined}
          x={i + 0.08}
          y={1 - height}
          width={0.84}
          height={height}
        />
      ))}
    </svg>
  );
}
