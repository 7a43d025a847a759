import React from "react";
import { disabledIf } from "../../keyboard/disabled.ts";
import { IndexSelect } from "../shared/IndexSelect.tsx";
import { knownIndex } from "../state/indexes.ts";
import { LabelFieldSelect, useLabelField } from "../shared/LabelFieldSelect.tsx";
import { NumberField, numberOf } from "../shared/NumberField.tsx";
import { ScopeSelect } from "../shared/ScopeSelect.tsx";
import type { Form } from "../state/curateState.ts";
import type { Curate } from "../state/useCurate.ts";
import { useTabState } from "../state/useTabState.ts";

interface AuditChoice {
  brainKey: string | null;
  labelField: string | null;
  scope: Form["scope"];
  /** Texts, which are empty for the defaults. */
  k: string;
  thresh: string;
  minProbability: string;
}

const INITIAL: AuditChoice = {
  brainKey: null,
  labelField: null,
  scope: "dataset",
  k: "",
  thresh: "",
  minProbability: "",
};

/** Which labels to audit, and the button that starts it. */
export function AuditForm({ curate }: { curate: Curate }) {
  const { view, indexes, start, isFinding } = curate;
  const [choice, change] = useTabState(curate, "labels", INITIAL);
  const index = knownIndex(indexes, choice.brainKey);
  const known = useLabelField(curate, index, choice.labelField);
  const isDisabled = isFinding || !known.field;
  const audit = () =>
    start("audit_labels", {
      ...view.grid,
      brain_key: index,
      label_field: known.field,
      scope: choice.scope,
      k: numberOf(choice.k),
      thresh: numberOf(choice.thresh),
      min_probability: numberOf(choice.minProbability),
    });
  return (
    <form
      className="ffs-curate-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isDisabled) void audit();
      }}
    >
      <div className="ffs-options">
        <LabelFieldSelect known={known} choose={(labelField) => change({ labelField })} />
        <IndexSelect
          label="by the neighbors in"
          indexes={indexes}
          value={index}
          choose={(brainKey) => change({ brainKey })}
        />
        <ScopeSelect value={choice.scope} choose={(scope) => change({ scope })} />
      </div>
      <details className="ffs-curate-more" data-cy="curate-audit-options">
        <summary>Further options</summary>
        <div className="ffs-options">
          <NumberField
            name="curate-audit-probability"
            label="Smallest probability"
            title="Lists labels that are wrong with at least this probability, 0 to 1"
            value={choice.minProbability}
            placeholder="0.5"
            {...{ min: 0, max: 1 }}
            change={(minProbability) => change({ minProbability })}
          />
          <NumberField
            name="curate-audit-k"
            label="Neighbors"
            title="How many vote about each label; empty for the number that predicts them best"
            value={choice.k}
            placeholder="best"
            {...{ min: 1, max: 100, step: 1 }}
            change={(k) => change({ k })}
          />
          <NumberField
            name="curate-audit-thresh"
            label="Distance of near duplicates"
            title="Nearer samples do not vote for each other; empty for the proposed distance"
            value={choice.thresh}
            placeholder="proposed"
            {...{ min: 0 }}
            change={(thresh) => change({ thresh })}
          />
        </div>
      </details>
      <div className="ffs-inline">
        <button
          type="submit"
          className="ffs-button ffs-primary"
          data-cy="curate-find"
          {...disabledIf(isDisabled, () => undefined)}
        >
          {isFinding ? "Auditing…" : "Audit labels"}
        </button>
        {known.problem && (
          <span className="ffs-note" data-cy="curate-incomplete">
            {known.problem}
          </span>
        )}
      </div>
    </form>
  );
}
