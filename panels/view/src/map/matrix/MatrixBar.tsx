import React from "react";
import { isFailure } from "../../app/server.ts";
import { downloadBytes } from "../../browser/files.ts";
import { IndexSelect } from "../../curate/shared/IndexSelect.tsx";
import type { MatrixFormat } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import type { MatrixChoice, MatrixSource } from "../state/mapState.ts";
import type { MapPageState } from "../state/useMapPage.ts";
import type { Matrix } from "./cells.ts";
import { type MatrixSources, useMatrixFields } from "./useMatrix.ts";

const FORMATS: MatrixFormat[] = ["png", "svg", "csv"];

interface MatrixBarProps {
  page: MapPageState;
  sources: MatrixSources;
  matrix: Matrix | null;
}

/** What is compared, in which order it is drawn, and files of it. */
export function MatrixBar({ page, sources, matrix }: MatrixBarProps) {
  const { server, indexes, view, update, setMessage } = page;
  const { source, selected, results, brainKey } = sources;
  const { labelField, isByLabel } = view.matrix;
  const fields = useMatrixFields(page, brainKey);
  const change = (part: Partial<MatrixChoice>) => update({ matrix: { ...view.matrix, ...part } });
  const save = async (format: MatrixFormat) => {
    if (!matrix) return;
    const answer = await server("matrix_file", {
      brain_key: matrix.brain_key,
      ids: matrix.ids,
      label_field: labelField,
      by_label: isByLabel,
      format,
    });
    if (isFailure(answer)) setMessage({ kind: "error", text: answer.error });
    else {
      downloadBytes(answer.name, answer.content);
      setMessage({ kind: "done", text: `Saved ${answer.name}.` });
    }
  };
  return (
    <div className="ffs-options" role="toolbar" aria-label="Matrix">
      <label>
        Compare
        <select
          data-cy="matrix-source"
          value={source}
          onChange={({ target }) => change({ source: target.value as MatrixSource })}
        >
          <option value="selection">the selection in the grid ({selected})</option>
          <option value="results">the last results ({results})</option>
          <option value="grid">what the grid shows</option>
        </select>
      </label>
      {source !== "results" && (
        <IndexSelect
          label="in the index"
          indexes={indexes}
          value={brainKey}
          choose={(key) => change({ brainKey: key, labelField: null, isByLabel: false })}
        />
      )}
      <label>
        Labels
        <select
          data-cy="matrix-label"
          value={labelField ?? ""}
          onChange={({ target }) =>
            change({ labelField: target.value || null, isByLabel: isByLabel && target.value !== "" })
          }
        >
          <option value="">none</option>
          {fields.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label title={labelField ? undefined : "Choose the labels first"}>
        Order
        <select
          data-cy="matrix-order"
          value={isByLabel ? "label" : "near"}
          disabled={labelField === null}
          onChange={({ target }) => change({ isByLabel: target.value === "label" })}
        >
          <option value="near">similar ones together</option>
          <option value="label">by label</option>
        </select>
      </label>
      <span className="ffs-inline" role="group" aria-label="Save the matrix">
        {FORMATS.map((format) => (
          <button
            key={format}
            type="button"
            className="ffs-button"
            title={`Save as ${format.toUpperCase()}`}
            data-cy={`matrix-save-${format}`}
            {...disabledIf(!matrix, () => void save(format))}
          >
            {format.toUpperCase()}
          </button>
        ))}
      </span>
    </div>
  );
}
