import React from "react";
import type { Rate } from "../../generated.ts";
import { TableScroll } from "../shared/TableScroll.tsx";
import { shareText } from "../state/rates.ts";

/** How much of each split leaks into each other one. */
export function RatesTable({ rates }: { rates: Rate[] }) {
  if (!rates.length) return null;
  return (
    <TableScroll label="Rates of leaks">
      <table data-cy="curate-rates">
        <caption>Samples with a near one in another split</caption>
        <thead>
          <tr>
            <th scope="col">Split</th>
            <th scope="col">Near one in</th>
            <th scope="col">Samples</th>
            <th scope="col">Rate</th>
            <th scope="col">95 % interval</th>
          </tr>
        </thead>
        <tbody>
          {rates.map((rate) => (
            <tr key={`${rate.split}/${rate.other}`} data-cy="curate-rate">
              <th scope="row">{rate.split}</th>
              <td>{rate.other}</td>
              <td>
                {rate.leaking.toLocaleString("en-US")} of {rate.total.toLocaleString("en-US")}
              </td>
              <td>{shareText(rate.rate)}</td>
              <td>
                {shareText(rate.low)} to {shareText(rate.high)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  );
}
