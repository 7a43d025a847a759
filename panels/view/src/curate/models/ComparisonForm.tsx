import React from "react";
import { disabledIf } from "../../keyboard/disabled.ts";
import { LabelFieldSelect, useLabelField } from "../shared/LabelFieldSelect.tsx";
import { NumberField, numberOf } from "../shared/NumberField.tsx";
import { ScopeSelect } from "../shared/ScopeSelect.tsx";
import { chosenIndexes, kindProblem } from "../state/comparisons.ts";
import type { Form } from "../state/curateState.ts";
import type { Curate } from "../state/useCurate.ts";
import { useTabState } from "../state/useTabState.ts";

interface ComparisonChoice {
  /** null for all of one kind */
  brainKeys: string[] | null;
  labelField: string | null;
  scope: Form["scope"];
  k: string;
}

const INITIAL: ComparisonChoice = { brainKeys: null, labelField: null, scope: "dataset", k: "" };

/** Which indexes to compare, and the button that starts it. */
export function ComparisonForm({ curate }: { curate: Curate }) {
  const { view, indexes, start, isFinding } = curate;
  const [choice, change] = useTabState(curate, "models", INITIAL);
  const keys = chosenIndexes(indexes, choice.brainKeys);
  const known = useLabelField(curate, keys[0] ?? indexes[0]?.brain_key ?? "", choice.labelField);
  const problem = kindProblem(indexes, keys) ?? known.problem;
  const isDisabled = isFinding || problem !== null || !known.field;
  const toggle = (key: string) =>
    change({
      brainKeys: keys.includes(key) ? keys.filter((other) => other !== key) : [...keys, key],
    });
  const compare = () =>
    start("compare_models", {
      ...view.grid,
      brain_keys: keys,
      label_field: known.field,
      scope: choice.scope,
      k: numberOf(choice.k),
    });
  return (
    <form
      className="ffs-curate-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isDisabled) void compare();
      }}
    >
      <fieldset className="ffs-curate-choices" data-cy="curate-indexes">
        <legend>Compare</legend>
        {indexes.map(({ brain_key, patches_field, model }) => (
          <label key={brain_key} title={model ?? "given embeddings"}>
            <input
              type="checkbox"
              data-cy="curate-index-choice"
              checked={keys.includes(brain_key)}
              onChange={() => toggle(brain_key)}
            />
            {brain_key}
            {patches_field ? ` (${patches_field})` : ""}
          </label>
        ))}
      </fieldset>
      <div className="ffs-options">
        <LabelFieldSelect known={known} choose={(labelField) => change({ labelField })} />
        <ScopeSelect value={choice.scope} choose={(scope) => change({ scope })} />
        <NumberField
          name="curate-comparison-k"
          label="Neighbors"
          title="Of kNN accuracy and precision"
          value={choice.k}
          placeholder="10"
          {...{ min: 1, max: 100, step: 1 }}
          change={(k) => change({ k })}
        />
      </div>
      <div className="ffs-inline">
        <button
          type="submit"
          className="ffs-button ffs-primary"
          data-cy="curate-find"
          {...disabledIf(isDisabled, () => undefined)}
        >
          {isFinding ? "Comparing…" : "Compare models"}
        </button>
        {problem && (
          <span className="ffs-note" data-cy="curate-incomplete">
            {problem}
          </span>
        )}
      </div>
    </form>
  );
}
