import React, { useState } from "react";
import { isFailure } from "../../app/server.ts";
import { counted } from "../../format/numbers.ts";
import type { DuplicatesGroup, DuplicatesRun } from "../../generated.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { FindForm } from "../shared/FindForm.tsx";
import { RestoreGrid } from "../shared/RestoreGrid.tsx";
import { distanceText, pairsText } from "../state/thresholds.ts";
import { type Curate, usePages } from "../state/useCurate.ts";
import { ActionsBar } from "./ActionsBar.tsx";
import { GroupComparison } from "./GroupComparison.tsx";
import { GroupList } from "./GroupList.tsx";
import { PrecisionCheck } from "./PrecisionCheck.tsx";
import { useFollowing } from "./useFollowing.ts";

const PAGE = 20;

/** Finds duplicates, and lists their groups. */
export function DuplicatesTab({ curate }: { curate: Curate }) {
  const { state, view } = curate;
  const run = state?.duplicates ?? null;
  return (
    <>
      <FindForm curate={curate} tab="duplicates" label="Find duplicates" />
      {run ? (
        <Results key={run.id} {...{ curate, run }} />
      ) : (
        <p className="ffs-note" data-cy="curate-nothing">
          {view.runs.duplicates
            ? "The server was restarted, so its result is gone: find duplicates again. Your " +
              "decisions are kept."
            : "Find duplicates to see them in groups. Nothing is changed before you confirm it."}
        </p>
      )}
    </>
  );
}

/** What was found, in a sentence. */
function summaryOf(run: DuplicatesRun): string {
  const { groups, redundant, compared, pair_count, thresh, expected, params } = run;
  if (!groups && thresh === null) return "Nothing stands out, so there are no duplicates to show.";
  if (!groups) return `No duplicates among ${counted(compared, "sample")}.`;
  const text = `${redundant.toLocaleString("en-US")} of ${counted(compared, "sample")} are redundant, in ${counted(groups, "group")}`;
  if (params.equal_files) return `${text}; their files are equal.`;
  return `${text}, at a distance of ${distanceText(thresh)}: ${pairsText(pair_count, expected)}.`;
}

function detailsOf({ params, copies, look_alikes, unverified, recall, unreadable }: DuplicatesRun) {
  const judged = params.verify && !params.equal_files;
  return [
    judged && `${counted(copies, "pair")} of copies, ${counted(look_alikes, "pair")} of look-alikes`,
    judged && unverified > 0 && `${unverified} not compared`,
    recall < 1 && `${(100 * recall).toFixed(1)} % of the pairs were found`,
    unreadable > 0 && `${counted(unreadable, "file")} could not be read`,
  ].filter(Boolean);
}

function Results({ curate, run }: { curate: Curate; run: DuplicatesRun }) {
  const { server, view, update, version } = curate;
  const [isComparing, setComparing] = useState(false);
  const [gone, setGone] = useState(0);
  const pages = usePages<DuplicatesGroup>(`${run.id}/${version}`, PAGE, async (start, count) => {
    const answer = await server("groups", { run: run.id, start, count, verdict: null });
    if (isFailure(answer)) return answer.error;
    setGone(answer.gone);
    return { items: answer.groups, total: answer.total };
  });
  const groups = pages.items ?? [];
  const frames = useFrameImages(
    server,
    groups.flatMap(({ members }) => members.map(({ file }) => file)),
    run
  );
  const following = useFollowing(curate, groups, run.patches_field);
  const details = [...detailsOf(run), ...run.notes];
  return (
    <section aria-label="Groups of duplicates">
      <p className="ffs-curate-summary" data-cy="curate-summary" role="status">
        {summaryOf(run)}
        {details.length > 0 && <span className="ffs-note">{details.join("; ")}</span>}
        {gone > 0 && (
          <span className="ffs-note" data-cy="curate-gone">
            {counted(gone, "sample")} of them no longer exist.
          </span>
        )}
      </p>
      {pages.error && (
        <p className="ffs-error" role="alert" data-cy="curate-error">
          {pages.error}
        </p>
      )}
      {run.groups > 0 && (
        <>
          <PrecisionCheck {...{ curate, run }} />
          <div className="ffs-inline">
            <label>
              <input
                type="checkbox"
                data-cy="curate-follow"
                checked={view.isFollowing}
                onChange={({ target }) => update({ isFollowing: target.checked })}
              />
              The grid shows the current group
            </label>
            {following.isShown && <RestoreGrid restore={following.restore} />}
          </div>
          <ActionsBar {...{ curate, run, total: pages.total }} />
        </>
      )}
      {isComparing ? (
        <GroupComparison {...{ curate, run, groups, frames }} close={() => setComparing(false)} />
      ) : pages.items ? (
        <GroupList
          {...{ curate, run, groups, frames }}
          total={pages.total}
          more={pages.more}
          compare={() => setComparing(true)}
        />
      ) : (
        !pages.error && (
          <p className="ffs-note" role="status">
            Loading the groups…
          </p>
        )
      )}
    </section>
  );
}
