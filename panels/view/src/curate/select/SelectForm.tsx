import React from "react";
import { disabledIf } from "../../keyboard/disabled.ts";
import { FieldInput } from "../shared/FieldInput.tsx";
import { IndexSelect } from "../shared/IndexSelect.tsx";
import { NumberInput } from "../shared/NumberField.tsx";
import { ScopeSelect } from "../shared/ScopeSelect.tsx";
import { indexInForce } from "../state/indexes.ts";
import { type SelectChoice, selectParams } from "../state/selection.ts";
import type { Curate } from "../state/useCurate.ts";
import { useRead } from "../state/useRead.ts";
import { WeightsPart } from "./WeightsPart.tsx";

interface SelectFormProps {
  curate: Curate;
  choice: SelectChoice;
  change: (part: Partial<SelectChoice>) => void;
}

/** How many to select, from what, and what matters. */
export function SelectForm({ curate, choice, change }: SelectFormProps) {
  const { indexes, view, start, isFinding } = curate;
  const index = indexInForce(indexes, choice.brainKey);
  const { answer } = useRead(curate, "value_fields", {
    patches_field: index?.patches_field ?? null,
  });
  const fields = answer?.fields ?? [];
  return (
    <form
      className="ffs-curate-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!isFinding) void start("select_samples", selectParams(choice, index, view.grid));
      }}
    >
      <div className="ffs-options">
        <NumberInput
          label="Select"
          name="select-n"
          value={choice.n}
          min={1}
          step={1}
          change={(n) => change({ n })}
        />
        <IndexSelect
          label="by"
          indexes={indexes}
          value={index?.brain_key ?? ""}
          choose={(brainKey) => change({ brainKey })}
        />
        <ScopeSelect value={choice.scope} choose={(scope) => change({ scope })} />
        <FieldInput
          label="Labeled already: field"
          name="select-labeled"
          title="Samples with a value in this field are covered, and are not selected"
          value={choice.labeled}
          fields={fields}
          change={(labeled) => change({ labeled })}
        />
        <label title="Samples with this tag are covered, and are not selected">
          or tag
          <input
            className="ffs-field ffs-tag-name"
            data-cy="select-labeled-tag"
            value={choice.labeledTag}
            placeholder="none"
            onChange={({ target }) => change({ labeledTag: target.value })}
          />
        </label>
        <FieldInput
          label="Balance"
          name="select-balance"
          title="The values of this field shall occur equally often"
          value={choice.balanceField}
          fields={fields}
          change={(balanceField) => change({ balanceField })}
        />
      </div>
      <WeightsPart {...{ choice, change, fields }} supportsText={Boolean(index?.supports_text)} />
      <div className="ffs-inline">
        <button
          type="submit"
          className="ffs-button ffs-primary"
          data-cy="curate-find"
          {...disabledIf(isFinding, () => undefined)}
        >
          {isFinding ? "Selecting…" : "Select samples to label"}
        </button>
      </div>
    </form>
  );
}
