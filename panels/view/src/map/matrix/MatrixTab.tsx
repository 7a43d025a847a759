import React from "react";
import { counted } from "../../format/numbers.ts";
import type { MapPageState } from "../state/useMapPage.ts";
import { MatrixBar } from "./MatrixBar.tsx";
import { MatrixView } from "./MatrixView.tsx";
import { useMatrix, useMatrixSources } from "./useMatrix.ts";

/** The distances of some samples from each other. */
export function MatrixTab({ page }: { page: MapPageState }) {
  const sources = useMatrixSources(page);
  const { matrix, error, isReading } = useMatrix(page, sources);
  const { ids } = sources;
  const isTooFew = ids !== null && ids.length < 2;
  return (
    <div className="ffs-matrix" data-cy="matrix" data-state={isReading ? "reading" : "done"}>
      <MatrixBar {...{ page, sources, matrix }} />
      {error && (
        <p className="ffs-error" role="alert" data-cy="matrix-error">
          {error}
        </p>
      )}
      {isTooFew && (
        <p className="ffs-note" data-cy="matrix-nothing">
          A matrix shows the distance of each pair of samples. Select two or more in the grid, or
          choose what to compare above.
        </p>
      )}
      {isReading && !matrix && (
        <p className="ffs-note" role="status" data-cy="matrix-reading">
          Comparing the samples…
        </p>
      )}
      {matrix && <MatrixView key={matrix.ids.join()} {...{ page, matrix }} />}
      {matrix && (
        <p className="ffs-note" data-cy="matrix-notes">
          {[sizeText(matrix.ids.length, matrix.total, matrix.patches_field), ...matrix.notes].join(" ")}
        </p>
      )}
    </div>
  );
}

function sizeText(count: number, total: number, patchesField: string | null): string {
  const noun = patchesField === null ? "sample" : "label";
  const chosen = count < total && patchesField === null ? ` of ${total.toLocaleString("en-US")}` : "";
  return `${counted(count, noun)}${chosen}.`;
}
