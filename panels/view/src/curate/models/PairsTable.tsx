import React, { useState } from "react";
import type { Measure, ModelsRun } from "../../generated.ts";
import { TableScroll } from "../shared/TableScroll.tsx";
import { MEASURES, NO_DIFFERENCE, pText, signedText } from "../state/comparisons.ts";

/** The differences of each two indexes, and whether the data shows them. */
export function PairsTable({ run }: { run: ModelsRun }) {
  const [measure, setMeasure] = useState<Measure>("map_at_r");
  const pairs = run.pairs.filter((pair) => pair.measure === measure);
  return (
    <div className="ffs-curate-part">
      <label>
        Differences by
        <select
          className="ffs-field"
          data-cy="curate-measure"
          value={measure}
          onChange={({ target }) => setMeasure(target.value as Measure)}
        >
          {Object.entries(MEASURES).map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <TableScroll label="Differences of the indexes">
        <table data-cy="curate-differences">
          <thead>
            <tr>
              <th scope="col">Indexes</th>
              <th scope="col">Difference</th>
              <th scope="col">95 % interval</th>
              <th scope="col" title="The chance of a difference as large between equal models, adjusted for the number of tests">
                Adjusted p
              </th>
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          <tbody>
            {pairs.map((pair) => (
              <tr key={`${pair.first}/${pair.second}`} data-cy="curate-difference">
                <th scope="row">
                  {pair.first} − {pair.second}
                </th>
                <td>{signedText(pair.difference.value)}</td>
                <td>
                  {signedText(pair.difference.low)} to {signedText(pair.difference.high)}
                </td>
                <td>{pText(pair.p_value)}</td>
                <td data-cy="curate-verdict">
                  {pair.better ? `${pair.better} is better` : NO_DIFFERENCE}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </div>
  );
}
