import React from "react";
import { bytes } from "../../format/numbers.ts";
import type { Interval, Limits, Measure, ModelsRun } from "../../generated.ts";
import { TableScroll } from "../shared/TableScroll.tsx";
import { hubnessText, intervalText, MEASURES, measureText } from "../state/comparisons.ts";

const ORDER = Object.keys(MEASURES) as Measure[];
// So that a measure and its limits stand in one column.
const COSTS = 4;

/** The measures and the costs of each index, with those of a model that knows nothing, or all. */
export function ModelsTable({ run }: { run: ModelsRun }) {
  return (
    <TableScroll label="Measures of the indexes">
      <table data-cy="curate-models">
        <caption>The best by mAP@R first, with 95 % intervals</caption>
        <thead>
          <tr>
            <th scope="col">Index</th>
            {ORDER.map((measure) => (
              <th key={measure} scope="col">
                {MEASURES[measure]}
                {measure !== "map_at_r" && ` of ${run.k}`}
              </th>
            ))}
            <th scope="col" title="High if a few samples are neighbors of many">
              Hubness
            </th>
            <th scope="col">Dimensions</th>
            <th scope="col">Size</th>
            <th scope="col" title="How fast the images were embedded">
              Images/s
            </th>
          </tr>
        </thead>
        <tbody>
          {run.models.map((model) => (
            <tr key={model.brain_key} data-cy="curate-model">
              <th scope="row" title={model.model ?? "given embeddings"}>
                {model.brain_key}
              </th>
              {ORDER.map((measure) => (
                <MeasureCell key={measure} interval={model[measure]} />
              ))}
              <td>{hubnessText(model.hubness)}</td>
              <td>{model.dim.toLocaleString("en-US")}</td>
              <td>{bytes(model.disk_bytes)}</td>
              <td>{model.rate === null ? "–" : Math.round(model.rate).toLocaleString("en-US")}</td>
            </tr>
          ))}
          <LimitRow label="By chance" limits={run.chance} />
          <LimitRow label="Best possible" limits={run.best_possible} />
        </tbody>
      </table>
    </TableScroll>
  );
}

/** A measure with its interval below it. */
export function MeasureCell({ interval }: { interval: Interval }) {
  return (
    <td>
      {measureText(interval.value)}
      <span className="ffs-curate-interval">{intervalText(interval)}</span>
    </td>
  );
}

function LimitRow({ label, limits }: { label: string; limits: Limits }) {
  return (
    <tr className="ffs-curate-limit" data-cy="curate-limit">
      <th scope="row">{label}</th>
      {ORDER.map((measure) => (
        <td key={measure}>{measureText(limits[measure])}</td>
      ))}
      <td colSpan={COSTS} />
    </tr>
  );
}
