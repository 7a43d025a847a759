import React, { useState } from "react";
import { isFailure } from "../../app/server.ts";
import { counted } from "../../format/numbers.ts";
import type { LeaksRun, PairRow, PairVerdict } from "../../generated.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { CompareView, type Compared } from "../shared/CompareView.tsx";
import { FindForm } from "../shared/FindForm.tsx";
import { distanceText, pairsText } from "../state/thresholds.ts";
import { type Curate, usePages } from "../state/useCurate.ts";
import { LeakActions } from "./LeakActions.tsx";
import { PairList, pairTexts } from "./PairList.tsx";
import { RatesTable } from "./RatesTable.tsx";

const PAGE = 20;

/** Finds leaks between splits, and lists their pairs. */
export function LeaksTab({ curate }: { curate: Curate }) {
  const run = curate.state?.leaks ?? null;
  return (
    <>
      <FindForm curate={curate} tab="leaks" label="Find leaks" />
      {run ? (
        <Results key={run.id} {...{ curate, run }} />
      ) : (
        <p className="ffs-note" data-cy="curate-nothing">
          {curate.view.runs.leaks
            ? "The server was restarted, so its result is gone: find leaks again."
            : "A leak is a sample of one split that is near a sample of another. Find them to see " +
              "how much of the test split a model may have seen in training."}
        </p>
      )}
    </>
  );
}

function summaryOf({ leaking, pair_count, thresh, expected, params }: LeaksRun): string {
  if (thresh === null) return "Nothing stands out, so there are no leaks to show.";
  if (!pair_count) return `No leaks within a distance of ${distanceText(thresh)}.`;
  const kind = params.verify ? "copies" : "near ones";
  return (
    `${counted(leaking, "sample")} have ${kind} in another split, at a distance of ` +
    `${distanceText(thresh)}: ${pairsText(pair_count, expected)}.`
  );
}

function detailsOf(run: LeaksRun): string[] {
  const { without_split: none, in_several: several, recall, notes } = run;
  return [
    none > 0 && `${counted(none, "sample")} in no split`,
    several > 0 && `${counted(several, "sample")} in several splits`,
    recall < 1 && `${(100 * recall).toFixed(1)} % of the pairs were found`,
    ...notes,
  ].filter((text) => text !== false);
}

function Results({ curate, run }: { curate: Curate; run: LeaksRun }) {
  const { server, version } = curate;
  const [verdict, setVerdict] = useState<PairVerdict | null>(run.copies ? "copy" : null);
  const [compared, setCompared] = useState<Compared | null>(null);
  const pages = usePages<PairRow>(`${run.id}/${version}/${verdict}`, PAGE, async (start, count) => {
    const answer = await server("pairs", { run: run.id, start, count, verdict });
    return isFailure(answer) ? answer.error : { items: answer.pairs, total: answer.total };
  });
  const pairs = pages.items ?? [];
  const frames = useFrameImages(server, pairs.flatMap(({ a, b }) => [a, b]), run);
  const details = detailsOf(run);
  return (
    <section aria-label="Leaks">
      <p className="ffs-curate-summary" data-cy="curate-summary" role="status">
        {summaryOf(run)}
        {details.length > 0 && <span className="ffs-note">{details.join("; ")}</span>}
      </p>
      <RatesTable rates={run.rates} />
      {run.leaking > 0 && <LeakActions {...{ curate, run }} />}
      {pages.error && (
        <p className="ffs-error" role="alert">
          {pages.error}
        </p>
      )}
      {run.pair_count > 0 && run.params.verify && (
        <label>
          Show
          <select
            className="ffs-field"
            data-cy="curate-verdict"
            value={verdict ?? ""}
            onChange={({ target }) => setVerdict((target.value || null) as PairVerdict | null)}
          >
            <option value="">all {run.listed} pairs</option>
            <option value="copy">{run.copies} copies</option>
            <option value="look-alike">{run.look_alikes} look-alikes</option>
            {run.unverified > 0 && <option value="unverified">{run.unverified} not compared</option>}
          </select>
        </label>
      )}
      {compared ? (
        <CompareView {...compared} frames={frames} close={() => setCompared(null)} />
      ) : (
        <PairList
          {...{ pairs, frames }}
          total={pages.total}
          more={pages.more}
          compare={(pair) => setCompared({ a: pair.a, b: pair.b, ...pairTexts(pair) })}
        />
      )}
    </section>
  );
}
