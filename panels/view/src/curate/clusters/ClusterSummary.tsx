import React from "react";
import type { ClustersRun } from "../../generated.ts";
import { TableScroll } from "../shared/TableScroll.tsx";
import { clustersDetails, clustersText } from "../state/clusterTexts.ts";

/** What was found, how sure it is, and the numbers that were tried. */
export function ClusterSummary({ run }: { run: ClustersRun }) {
  const details = clustersDetails(run);
  return (
    <>
      <p className="ffs-curate-summary" data-cy="curate-summary" role="status">
        {clustersText(run)}
        {details.length > 0 && <span className="ffs-note">{details.join("; ")}</span>}
      </p>
      {run.candidates.length > 0 && <Candidates run={run} />}
    </>
  );
}

function Candidates({ run: { candidates, proposed } }: { run: ClustersRun }) {
  const most = Math.max(...candidates.map(({ gain }) => gain), 1e-9);
  return (
    <details className="ffs-curate-candidates" data-cy="curate-candidates">
      <summary>The numbers that were tried</summary>
      <TableScroll label="The numbers that were tried">
        <table>
          <caption>
            In brackets: the same for vectors without clusters. The gain is how much better both are.
          </caption>
          <thead>
            <tr>
              <th scope="col">Clusters</th>
              <th scope="col">Agreement of runs</th>
              <th scope="col">Separation</th>
              <th scope="col">Gain</th>
            </tr>
          </thead>
          <tbody>
            {candidates.map((each) => (
              <tr key={each.k} data-cy="curate-candidate" data-k={each.k}>
                <th scope="row">
                  {each.k}
                  {each.k === proposed && " (proposed)"}
                </th>
                <td>
                  {each.agreement.toFixed(2)} ({each.chance_agreement.toFixed(2)})
                </td>
                <td>
                  {each.separation.toFixed(2)} ({each.chance_separation.toFixed(2)})
                </td>
                <td>
                  <span
                    className="ffs-curate-proposal-bar"
                    style={{ width: `${Math.round((40 * each.gain) / most)}px` }}
                  />
                  {each.gain.toFixed(3)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </details>
  );
}
