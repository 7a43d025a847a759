import React from "react";
import { isFailure } from "../../app/server.ts";
import type { SelectedRow, SelectionRun } from "../../generated.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { ListActions } from "../shared/ListActions.tsx";
import { ImageGrid } from "../shared/ImageGrid.tsx";
import { DEFAULT_CHOICE, selectionSummary } from "../state/selection.ts";
import { type Curate, usePages } from "../state/useCurate.ts";
import { useTabState } from "../state/useTabState.ts";
import { Receipt } from "./Receipt.tsx";
import { SelectForm } from "./SelectForm.tsx";

const PAGE = 40;

/** Selects samples that are worth labeling next, and says what they cover. */
export function SelectTab({ curate }: { curate: Curate }) {
  const { state, view } = curate;
  const [choice, change] = useTabState(curate, "selection", DEFAULT_CHOICE);
  const run = state?.selection ?? null;
  return (
    <>
      <SelectForm {...{ curate, choice, change }} />
      {run ? (
        <Results key={run.id} {...{ curate, run }} />
      ) : (
        <p className="ffs-note" data-cy="curate-nothing">
          {view.runs.selection
            ? "The server was restarted, so its selection is gone: select again. Tags that you " +
              "gave are still there."
            : "Select samples that cover the dataset, each far from the others and in the middle " +
              "of many similar ones. A receipt compares them with random choices."}
        </p>
      )}
    </>
  );
}

function Results({ curate, run }: { curate: Curate; run: SelectionRun }) {
  const { server, version, view } = curate;
  const pages = usePages<SelectedRow>(`${run.id}/${version}`, PAGE, async (start, count) => {
    const answer = await server("selected", { run: run.id, start, count });
    return isFailure(answer) ? answer.error : { items: answer.rows, total: answer.total };
  });
  const rows = pages.items ?? [];
  const files = rows.map(({ file }) => file);
  const example = run.uncovered.file;
  const frames = useFrameImages(server, example ? [example, ...files] : files, run);
  const noun = run.patches_field === null ? "sample" : "label";
  return (
    <section aria-label="Selection">
      <p className="ffs-curate-summary" data-cy="curate-summary" role="status">
        {selectionSummary(run)}
        {run.notes.map((note) => (
          <span key={note} className="ffs-note ffs-curate-detail" data-cy="select-note">
            {note}
          </span>
        ))}
      </p>
      {pages.error && (
        <p className="ffs-error" role="alert" data-cy="curate-error">
          {pages.error}
        </p>
      )}
      <ListActions
        {...{ curate, noun }}
        areFrames={rows.some(({ file }) => file.frame_number !== null)}
        total={pages.total}
        defaultTag="to label"
        tag={(name) => server("tag_selected", { run: run.id, name })}
        show={() => server("show_selected", { ...view.grid, run: run.id })}
      />
      <div className="ffs-curate-beside">
        <Receipt {...{ run, frames }} />
        <div>
          <ImageGrid
            label="Selected images"
            {...{ noun, frames }}
            tiles={rows.map(({ file, place }) => ({ file, text: String(place) }))}
            total={pages.total}
            more={pages.more}
          />
        </div>
      </div>
    </section>
  );
}
