import React from "react";
import type { NoiseRates } from "../../generated.ts";
import { TableScroll } from "../shared/TableScroll.tsx";
import { rangeText, shareText } from "../state/rates.ts";

/** How often samples of a class have the label of another one. */
export function NoiseTable({ rates }: { rates: NoiseRates }) {
  if (!rates.pairs.length) return null;
  return (
    <details className="ffs-curate-more" data-cy="curate-noise">
      <summary>Wrong labels by class</summary>
      <TableScroll label="Wrong labels by class">
        <table data-cy="curate-noise-table">
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col">Labeled as</th>
              <th scope="col">About</th>
              <th scope="col">Rate of the class</th>
              <th scope="col">95 % interval</th>
            </tr>
          </thead>
          <tbody>
            {rates.pairs.map((pair) => (
              <tr key={`${pair.true}/${pair.label}`} data-cy="curate-noise-pair">
                <th scope="row">{pair.true}</th>
                <td>{pair.label}</td>
                <td>{Math.round(pair.count).toLocaleString("en-US")}</td>
                <td>{shareText(pair.rate)}</td>
                <td>{rangeText(pair)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
      {rates.more_pairs > 0 && (
        <p className="ffs-note">
          {rates.more_pairs.toLocaleString("en-US")} other pairs of classes are less frequent.
        </p>
      )}
    </details>
  );
}
