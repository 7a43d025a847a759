import React from "react";
import { Menu } from "../../components/Menu.tsx";
import { disabledIf } from "../../keyboard/disabled.ts";
import type { Form, PairsTab } from "../state/curateState.ts";
import { knownIndex } from "../state/indexes.ts";
import { type Curate, findParams } from "../state/useCurate.ts";
import { IndexSelect } from "./IndexSelect.tsx";
import { RulesOrder } from "./RulesOrder.tsx";
import { ScopeSelect } from "./ScopeSelect.tsx";
import { ThresholdPart } from "./ThresholdPart.tsx";

const EQUAL_FILES = " equal files";

interface FindFormProps {
  curate: Curate;
  tab: PairsTab;
  label: string;
}

/** What to find, and the button that starts it. */
export function FindForm({ curate, tab, label }: FindFormProps) {
  const { view, update, indexes, state, start, isFinding } = curate;
  const form = view.forms[tab];
  const change = (part: Partial<Form>) =>
    update({ forms: { ...view.forms, [tab]: { ...form, ...part } } });
  const index = knownIndex(indexes, form.brainKey);
  const splits = state?.split_fields ?? [];
  const isIncomplete = tab === "leaks" && !splits.includes(form.splitField ?? "");
  return (
    <form
      className="ffs-curate-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isFinding && !isIncomplete) {
          const method = tab === "duplicates" ? "find_duplicates" : "find_leaks";
          void start(method, findParams(form, tab, indexes, view.grid));
        }
      }}
    >
      <div className="ffs-options">
        <IndexSelect
          label="Compare"
          indexes={indexes}
          value={tab === "duplicates" && form.equalFiles ? EQUAL_FILES : index}
          choose={(value) =>
            change(
              value === EQUAL_FILES
                ? { equalFiles: true }
                : { equalFiles: false, brainKey: value, thresh: null }
            )
          }
        >
          {tab === "duplicates" && <option value={EQUAL_FILES}>equal files</option>}
        </IndexSelect>
        <ScopeSelect value={form.scope} choose={(scope) => change({ scope })} />
        <label title="A sample of the test split is never removed in favor of a training one">
          Splits
          <select
            data-cy="curate-split"
            value={splits.includes(form.splitField ?? "") ? (form.splitField ?? "") : ""}
            onChange={({ target }) => change({ splitField: target.value || null })}
          >
            <option value="">{tab === "leaks" ? "choose a field" : "none"}</option>
            {splits.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        {!(tab === "duplicates" && form.equalFiles) && (
          <label title="Only copies of one image count then, not other images of the same thing">
            <input
              type="checkbox"
              data-cy="curate-verify"
              checked={form.verify}
              onChange={({ target }) => change({ verify: target.checked })}
            />
            Compare the images
          </label>
        )}
        {tab === "duplicates" && !form.equalFiles && (
          <Menu
            name="curate-rules"
            label="Whom to keep"
            title="The rules that choose whom to keep"
            dialogLabel="Rules, the first that tells two samples apart decides"
          >
            {() => <RulesOrder {...{ form, change }} all={state?.rules ?? []} />}
          </Menu>
        )}
      </div>
      {!(tab === "duplicates" && form.equalFiles) && !isIncomplete && (
        <ThresholdPart {...{ curate, tab, form, change }} />
      )}
      <div className="ffs-inline">
        <button
          type="submit"
          className="ffs-button ffs-primary"
          data-cy="curate-find"
          {...disabledIf(isFinding || isIncomplete, () => undefined)}
        >
          {isFinding ? "Finding…" : label}
        </button>
        {isIncomplete && (
          <span className="ffs-note" data-cy="curate-incomplete">
            {splits.length
              ? "Choose the field with the names of the splits."
              : "This dataset has no field of texts; save the names of the splits in one."}
          </span>
        )}
      </div>
    </form>
  );
}
