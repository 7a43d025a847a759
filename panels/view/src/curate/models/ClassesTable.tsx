import React from "react";
import { isFailure } from "../../app/server.ts";
import type { ClassMeasures, ModelsRun } from "../../generated.ts";
import { TableScroll } from "../shared/TableScroll.tsx";
import { intervalText, NO_DIFFERENCE, signedText } from "../state/comparisons.ts";
import { type Curate, usePages } from "../state/useCurate.ts";
import { MeasureCell } from "./ModelsTable.tsx";
import { MoreButton } from "../shared/MoreButton.tsx";

const PAGE = 20;

/** The mAP@R of each index by class. */
export function ClassesTable({ curate, run }: { curate: Curate; run: ModelsRun }) {
  const { server } = curate;
  const pages = usePages<ClassMeasures>(run.id, PAGE, async (start, count) => {
    const answer = await server("compared_classes", { run: run.id, start, count });
    return isFailure(answer) ? answer.error : { items: answer.classes, total: answer.total };
  });
  const rows = pages.items ?? [];
  return (
    <div className="ffs-curate-part">
      {pages.error && (
        <p className="ffs-error" role="alert">
          {pages.error}
        </p>
      )}
      <TableScroll label="mAP@R by class">
        <table data-cy="curate-classes">
          <caption>mAP@R by class; classes with a clear difference first</caption>
          <thead>
            <tr>
              <th scope="col">Class</th>
              {run.models.map(({ brain_key }) => (
                <th key={brain_key} scope="col">
                  {brain_key}
                </th>
              ))}
              <th scope="col">Differences</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name} data-cy="curate-class">
                <th scope="row">{row.name}</th>
                {row.measures.map((interval, i) => (
                  <MeasureCell key={run.models[i]?.brain_key ?? i} interval={interval} />
                ))}
                <td>
                  {row.differences.map(({ better, other, difference }) => (
                    <span key={`${better}/${other}`} className="ffs-curate-line">
                      {better} is better than {other} by {signedText(difference.value)} (
                      {intervalText(difference)})
                    </span>
                  ))}
                  {!row.differences.length && NO_DIFFERENCE}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      <MoreButton shown={rows.length} total={pages.total} things="classes" more={pages.more} />
    </div>
  );
}
