import React, { useEffect, useState } from "react";
import { isFailure } from "../../app/server.ts";
import type { ScoredRow, ScoreList, ScoresRun } from "../../generated.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { ListActions } from "../shared/ListActions.tsx";
import { type GridTile, ImageGrid } from "../shared/ImageGrid.tsx";
import { listLabels, scoresDetails, scoresSummary, scoreText } from "../state/scores.ts";
import { type Curate, usePages } from "../state/useCurate.ts";
import { useTabState } from "../state/useTabState.ts";
import { ScoreHistogram } from "./ScoreHistogram.tsx";
import { type ScoresChoice, ScoresForm } from "./ScoresForm.tsx";

const PAGE = 40;

interface ScoresState extends ScoresChoice {
  /** The run whose field the App has loaded. */
  loaded: string;
}

const INITIAL: ScoresState = {
  kind: "outliers",
  brainKey: null,
  scope: "dataset",
  field: "",
  labelField: "",
  loaded: "",
};

/** Computes scores, and shows what stands out. */
export function ScoresTab({ curate }: { curate: Curate }) {
  const { server, state, view } = curate;
  const [choice, change] = useTabState(curate, "scores", INITIAL);
  const run = state?.scores ?? null;
  useEffect(() => {
    if (!run || run.id === choice.loaded) return;
    change({ loaded: run.id });
    // The job cannot tell the App that there is a new field.
    void server("show_score_field", {});
  }, [run?.id]);
  return (
    <>
      <ScoresForm {...{ curate, choice, change }} />
      {run ? (
        <Results key={run.id} {...{ curate, run }} />
      ) : (
        <p className="ffs-note" data-cy="curate-nothing">
          {view.runs.scores
            ? "The server was restarted, so its report is gone. The scores are still in their " +
              "field; compute them again to see what stands out."
            : "A score of 0 to 1 for each sample, in a field: sort the grid by it, filter by it, " +
              "and see here what stands out, or that nothing does."}
        </p>
      )}
    </>
  );
}

function tileOf({ file, score, is_unusual, label }: ScoredRow, list: ScoreList): GridTile {
  const marked = is_unusual && list !== "unusual";
  const detail = [label, marked && "stands out"].filter(Boolean).join(" · ");
  return { file, text: scoreText(score), detail, isMarked: marked };
}

function Results({ curate, run }: { curate: Curate; run: ScoresRun }) {
  const { server, version, view } = curate;
  const lists = listLabels(run);
  const [which, setWhich] = useState<ScoreList>(lists[0]?.[0] ?? "highest");
  const key = `${run.id}/${version}/${which}`;
  const pages = usePages<ScoredRow>(key, PAGE, async (start, count) => {
    const answer = await server("scored", { run: run.id, which, start, count });
    return isFailure(answer) ? answer.error : { items: answer.rows, total: answer.total };
  });
  const rows = pages.items ?? [];
  const frames = useFrameImages(server, rows.map(({ file }) => file), run);
  const noun = run.patches_field === null ? "sample" : "label";
  return (
    <section aria-label="Scores">
      <p className="ffs-curate-summary" data-cy="curate-summary" role="status">
        {scoresSummary(run)}
        {scoresDetails(run).map((text) => (
          <span key={text} className="ffs-note ffs-curate-detail">
            {text}
          </span>
        ))}
      </p>
      <ScoreHistogram run={run} />
      <div className="ffs-options">
        <label>
          Show
          <select
            data-cy="scores-list"
            value={which}
            onChange={({ target }) => setWhich(target.value as ScoreList)}
          >
            {lists.map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      {pages.error && (
        <p className="ffs-error" role="alert" data-cy="curate-error">
          {pages.error}
        </p>
      )}
      <ListActions
        {...{ curate, noun }}
        areFrames={rows.some(({ file }) => file.frame_number !== null)}
        total={pages.total}
        defaultTag={which === "unusual" ? "unusual" : which}
        key={which}
        tag={(name) => server("tag_scored", { run: run.id, which, name })}
        show={() => server("show_scored", { ...view.grid, run: run.id, which })}
      />
      <ImageGrid
        label="Scored images"
        {...{ noun, frames }}
        tiles={rows.map((row) => tileOf(row, which))}
        total={pages.total}
        more={pages.more}
      />
    </section>
  );
}
