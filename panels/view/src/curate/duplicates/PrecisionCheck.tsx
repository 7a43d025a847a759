import React, { useEffect, useState } from "react";
import { isFailure } from "../../app/server.ts";
import type { DuplicatesRun, PairRow } from "../../generated.ts";
import { FileImage } from "../shared/FileImage.tsx";
import { precisionOf, precisionText } from "../state/precision.ts";
import { distanceText } from "../state/thresholds.ts";
import type { Curate } from "../state/useCurate.ts";

/** Twenty yes-or-no answers on pairs by chance give the precision of the result. */
export function PrecisionCheck({ curate, run }: { curate: Curate; run: DuplicatesRun }) {
  const { view, update, server } = curate;
  const [pairs, setPairs] = useState<PairRow[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const values = view.answers.run === run.id ? view.answers.values : [];
  const precision = precisionOf(values);
  useEffect(() => {
    if (!isOpen || pairs) return;
    void server("sampled_pairs", { run: run.id }).then((answer) => {
      if (isFailure(answer)) setError(answer.error);
      else setPairs(answer.pairs);
    });
  }, [server, isOpen, pairs, run.id]);
  const pair = pairs?.[values.length];
  const judge = async (judged: PairRow, is_different: boolean) => {
    const given = { run: run.id, id_a: judged.a.id, id_b: judged.b.id, is_different };
    const failure = await server("judge_pair", given);
    if (isFailure(failure)) setError(failure.error);
  };
  const answer = (value: boolean | null) => {
    if (pair && value !== null) void judge(pair, !value);
    update({ answers: { run: run.id, values: [...values, value] } });
  };
  const back = () => {
    const last = pairs?.[values.length - 1];
    if (last && values.at(-1) === false) void judge(last, false);
    update({ answers: { run: run.id, values: values.slice(0, -1) } });
  };
  return (
    <div className="ffs-curate-check" data-cy="curate-check">
      <button
        type="button"
        className="ffs-link"
        data-cy="curate-check-open"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {isOpen ? "Close the check" : "Check some pairs"}
      </button>
      <span data-cy="curate-precision" role="status">
        {precision
          ? precisionText(precision)
          : "How many of the pairs are right? Judge up to 20 by chance."}
      </span>
      {isOpen && error && (
        <p className="ffs-error" role="alert">
          {error}
        </p>
      )}
      {isOpen && pairs && !pair && <p className="ffs-note">You have judged all of these pairs.</p>}
      {isOpen && pairs && (
        <div className="ffs-curate-pictures ffs-curate-side">
          {pair &&
            [pair.a, pair.b].map((file) => (
              <figure key={file.id}>
                <FileImage file={file} />
              </figure>
            ))}
        </div>
      )}
      {isOpen && pair && pairs && (
        <div className="ffs-inline">
          <span>
            Pair {values.length + 1} of {pairs.length}, distance {distanceText(pair.distance)}. The
            same picture? Pairs with the answer no stay apart in the next run.
          </span>
          <button type="button" className="ffs-button" data-cy="curate-yes" onClick={() => answer(true)}>
            Yes
          </button>
          <button type="button" className="ffs-button" data-cy="curate-no" onClick={() => answer(false)}>
            No
          </button>
          <button type="button" className="ffs-button" data-cy="curate-skip" onClick={() => answer(null)}>
            Skip
          </button>
        </div>
      )}
      {isOpen && values.length > 0 && (
        <button type="button" className="ffs-link" data-cy="curate-answer-back" onClick={back}>
          Back to the pair before
        </button>
      )}
    </div>
  );
}
