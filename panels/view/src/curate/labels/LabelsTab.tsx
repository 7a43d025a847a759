import React from "react";
import type { LabelsRun } from "../../generated.ts";
import { auditDetails, auditSummary } from "../state/issues.ts";
import type { Curate } from "../state/useCurate.ts";
import { AuditForm } from "./AuditForm.tsx";
import { IssueQueue } from "./IssueQueue.tsx";
import { NoiseTable } from "./NoiseTable.tsx";

/** Audits labels, and lists those that are probably wrong for a decision. */
export function LabelsTab({ curate }: { curate: Curate }) {
  const run = curate.state?.labels ?? null;
  return (
    <>
      <AuditForm curate={curate} />
      {run ? (
        <Results key={run.id} {...{ curate, run }} />
      ) : (
        <p className="ffs-note" data-cy="curate-nothing">
          {curate.view.runs.labels
            ? "The server was restarted, so its result is gone: audit the labels again. Your " +
              "decisions are kept in fields of the dataset."
            : "The neighbors of each sample vote about its label. Audit the labels to see which " +
              "are probably wrong. No label changes before you apply your decisions."}
        </p>
      )}
    </>
  );
}

function Results({ curate, run }: { curate: Curate; run: LabelsRun }) {
  return (
    <section aria-label="Labels that are probably wrong">
      <p
        className={`ffs-curate-summary ${run.doubt === null ? "" : "ffs-curate-doubt"}`}
        data-cy="curate-summary"
        role="status"
      >
        {auditSummary(run)}
        <span className="ffs-note" data-cy="curate-details">
          {auditDetails(run).join("; ")}.
        </span>
      </p>
      {run.noise_rate && <NoiseTable rates={run.noise_rate} />}
      {run.issues > 0 && <IssueQueue {...{ curate, run }} />}
    </section>
  );
}
