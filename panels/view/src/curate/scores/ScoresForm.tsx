import React from "react";
import type { ScoreKind, ScoresParams } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { FieldInput } from "../shared/FieldInput.tsx";
import { IndexSelect } from "../shared/IndexSelect.tsx";
import { ScopeSelect } from "../shared/ScopeSelect.tsx";
import type { Form } from "../state/curateState.ts";
import { indexInForce } from "../state/indexes.ts";
import { SCORES } from "../state/scores.ts";
import type { Curate } from "../state/useCurate.ts";
import { useRead } from "../state/useRead.ts";

/** What a person chose in the form of scores. */
export interface ScoresChoice {
  kind: ScoreKind;
  brainKey: string | null;
  scope: Form["scope"];
  field: string;
  labelField: string;
}

interface ScoresFormProps {
  curate: Curate;
  choice: ScoresChoice;
  change: (part: Partial<ScoresChoice>) => void;
}

/** Which score to compute, and where to save it. */
export function ScoresForm({ curate, choice, change }: ScoresFormProps) {
  const { indexes, view, start, isFinding } = curate;
  const { kind, scope, field, labelField } = choice;
  const index = indexInForce(indexes, choice.brainKey);
  const { answer } = useRead(curate, "value_fields", {
    patches_field: index?.patches_field ?? null,
  });
  const submit = () => {
    const params: ScoresParams = {
      ...view.grid,
      kind,
      brain_key: index?.brain_key ?? "",
      scope,
      field,
      label_field: labelField.trim() || null,
    };
    void start("compute_scores", params);
  };
  return (
    <form
      className="ffs-curate-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isFinding) submit();
      }}
    >
      <div className="ffs-options">
        <label title={SCORES[kind].meaning}>
          Score
          <select
            data-cy="scores-kind"
            value={kind}
            onChange={({ target }) => change({ kind: target.value as ScoreKind, field: "" })}
          >
            {Object.entries(SCORES).map(([name, { label }]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <IndexSelect
          label="by"
          indexes={indexes}
          value={index?.brain_key ?? ""}
          choose={(brainKey) => change({ brainKey })}
        />
        <ScopeSelect value={scope} choose={(next) => change({ scope: next })} />
        <FieldInput
          label="Within the classes of"
          name="scores-label-field"
          title="Each sample is compared with its class only: what is odd for a dog"
          placeholder="all samples"
          value={labelField}
          fields={answer?.fields ?? []}
          change={(value) => change({ labelField: value })}
        />
        <label title="Earlier scores in it are replaced, which can be undone">
          Save in the field
          <input
            className="ffs-field ffs-curate-field"
            data-cy="scores-field"
            value={field}
            placeholder={SCORES[kind].field}
            onChange={({ target }) => change({ field: target.value })}
          />
        </label>
      </div>
      <div className="ffs-inline">
        <button
          type="submit"
          className="ffs-button ffs-primary"
          data-cy="curate-find"
          {...disabledIf(isFinding, () => undefined)}
        >
          {isFinding ? "Computing…" : "Compute scores"}
        </button>
        <span className="ffs-note">{SCORES[kind].meaning}</span>
      </div>
    </form>
  );
}
