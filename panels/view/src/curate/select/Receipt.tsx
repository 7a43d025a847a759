import React from "react";
import { useShowInViewer } from "../../app/viewer.ts";
import type { SelectionRun } from "../../generated.ts";
import { FileImage } from "../shared/FileImage.tsx";
import { coveredText, figureTexts, uncoveredText, valueShare } from "../state/selection.ts";

interface ReceiptProps {
  run: SelectionRun;
  frames: ReadonlyMap<string, string | null>;
}

/** What a selection covers, beside random choices of equal size. */
export function Receipt({ run, frames }: ReceiptProps) {
  return (
    <section className="ffs-curate-receipt" aria-label="Receipt" data-cy="select-receipt">
      <div className="ffs-curate-table">
        <table>
          <caption>Coverage, beside 20 random choices of equal size</caption>
          <thead>
            <tr>
              <th scope="col">Figure</th>
              <th scope="col">Here</th>
              <th scope="col">Random (lowest to highest)</th>
            </tr>
          </thead>
          <tbody>
            {run.figures.map((figure) => {
              const { label, title, value, random, range, verdict } = figureTexts(figure);
              return (
                <tr
                  key={figure.name}
                  data-cy="select-figure"
                  data-name={figure.name}
                  data-verdict={figure.verdict}
                >
                  <th scope="row" title={title}>
                    {label}
                    <span className="ffs-note ffs-curate-detail">{verdict}</span>
                  </th>
                  <td>
                    <strong>{value}</strong>
                  </td>
                  <td>
                    {random}
                    <span className="ffs-note ffs-curate-detail">{range}</span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p className="ffs-note">{coveredText(run)}</p>
      <UncoveredRegion {...{ run, frames }} />
      {run.values.length > 0 && <ValueCounts run={run} />}
    </section>
  );
}

/** The region that is covered least. */
function UncoveredRegion({ run, frames }: ReceiptProps) {
  const show = useShowInViewer();
  const { file } = run.uncovered;
  return (
    <div className="ffs-curate-uncovered" data-cy="select-uncovered">
      {file && (
        <button
          type="button"
          className="ffs-open"
          data-cy="select-example"
          data-id={file.id}
          aria-label="Open the example of the region that is covered least"
          onClick={() => void show([file.id], file.id)}
        >
          <FileImage file={file} frame={frames.get(file.id) ?? null} />
        </button>
      )}
      <p>
        <strong>Covered least</strong>
        <span className="ffs-note ffs-curate-detail">{uncoveredText(run)}</span>
        {!file && <span className="ffs-note ffs-curate-detail">Its example was deleted.</span>}
      </p>
    </div>
  );
}

/** How many of the selected have each value of the balanced field. */
function ValueCounts({ run }: { run: SelectionRun }) {
  const most = Math.max(1, ...run.values.map(({ count }) => count));
  return (
    <div className="ffs-curate-table">
      <table data-cy="select-values">
        <caption>Selected, by “{run.params.balance_field}”</caption>
        <tbody>
          {run.values.map(({ value, count }) => (
            <tr key={value} data-cy="select-value">
              <th scope="row">{value}</th>
              <td>{count.toLocaleString("en-US")}</td>
              <td>{valueShare(count, run)}</td>
              <td>
                <span className="ffs-curate-bar" style={{ width: `${(60 * count) / most}px` }} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {run.more_values > 0 && (
        <p className="ffs-note">and {run.more_values.toLocaleString("en-US")} more values</p>
      )}
    </div>
  );
}
