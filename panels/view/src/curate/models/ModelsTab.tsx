import React from "react";
import type { ModelsRun } from "../../generated.ts";
import { verdictOf } from "../state/comparisons.ts";
import type { Curate } from "../state/useCurate.ts";
import { ClassesTable } from "./ClassesTable.tsx";
import { ComparisonForm } from "./ComparisonForm.tsx";
import { DifferenceChoice } from "./DifferenceChoice.tsx";
import { ModelsTable } from "./ModelsTable.tsx";
import { PairsTable } from "./PairsTable.tsx";

/** Compares how well indexes of different models retrieve the classes of a dataset. */
export function ModelsTab({ curate }: { curate: Curate }) {
  const run = curate.state?.models ?? null;
  return (
    <>
      <ComparisonForm curate={curate} />
      {run ? (
        <Results key={run.id} {...{ curate, run }} />
      ) : (
        <p className="ffs-note" data-cy="curate-nothing">
          {curate.view.runs.models
            ? "The server was restarted, so its result is gone: compare the models again."
            : "Each sample is a query once; the better model finds more samples of the same class " +
              "near it. Compare models to see which is better for your classes, and how sure that is."}
        </p>
      )}
    </>
  );
}

function Results({ curate, run }: { curate: Curate; run: ModelsRun }) {
  return (
    <section aria-label="Comparison of models">
      <p className="ffs-curate-summary" data-cy="curate-summary" role="status">
        {verdictOf(run)}
        <span className="ffs-note" data-cy="curate-details">
          Classes of “{run.label_field}”; {run.searched.toLocaleString("en-US")} were searched.{" "}
          {run.notes.join(" ")}
        </span>
      </p>
      <ModelsTable run={run} />
      <PairsTable run={run} />
      <DifferenceChoice {...{ curate, run }} />
      {run.classes > 0 && <ClassesTable {...{ curate, run }} />}
    </section>
  );
}
