import React, { useState } from "react";
import { counted } from "../../format/numbers.ts";
import type { LabelsRun } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { NamedAction } from "../shared/NamedAction.tsx";
import { RestoreGrid } from "../shared/RestoreGrid.tsx";
import { useGrid } from "../shared/useGrid.ts";
import { planText } from "../state/issues.ts";
import type { Curate } from "../state/useCurate.ts";
import { useRead } from "../state/useRead.ts";
import type { Decisions } from "./useDecisions.ts";

interface LabelActionsProps {
  curate: Curate;
  run: LabelsRun;
  decisions: Decisions;
}

/** Applies the decisions, tags the issues, and shows them in the grid. */
export function LabelActions({ curate, run, decisions }: LabelActionsProps) {
  const { server, view, take } = curate;
  const [tag, setTag] = useState("label issue");
  const plan = useRead(curate, "label_plan", { run: run.id }, decisions.saved);
  const grid = useGrid(curate, run.patches_field);
  const relabel = plan.answer?.relabel ?? 0;
  const apply = async () => void take(await server("apply_labels", { run: run.id, relabel }));
  const addTag = async () => void take(await server("tag_issues", { run: run.id, name: tag }));
  const show = async () => {
    const answer = await server("show_issues", { ...view.grid, run: run.id });
    grid.take(answer, `The grid shows the ${counted(run.issues, "label")}, the most probable first.`);
  };
  return (
    <div className="ffs-curate-actions" role="group" aria-label="Actions" data-cy="curate-actions">
      <p data-cy="curate-label-plan" role="status">
        {plan.answer ? planText(plan.answer, run.label_field) : "Counting the decisions…"}
      </p>
      {plan.error && (
        <p className="ffs-error" role="alert" data-cy="curate-plan-error">
          {plan.error}
        </p>
      )}
      <div className="ffs-curate-buttons">
        <button
          type="button"
          className="ffs-button"
          data-cy="curate-apply"
          {...disabledIf(!relabel || decisions.isSaving, () => void apply())}
        >
          Apply {counted(relabel, "decision")}
        </button>
        <NamedAction
          name="curate-tag-issues"
          label={`Tag ${run.issues.toLocaleString("en-US")}`}
          fieldLabel="Tag"
          value={tag}
          setValue={setTag}
          isIdle={false}
          act={() => void addTag()}
        />
        <button
          type="button"
          className="ffs-button"
          data-cy="curate-show-issues"
          onClick={() => void show()}
        >
          Show {run.issues.toLocaleString("en-US")} in the grid
        </button>
        {grid.isShown && <RestoreGrid restore={grid.restore} />}
      </div>
    </div>
  );
}
