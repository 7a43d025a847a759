import React from "react";
import type { PanelIndex } from "../../generated.ts";
import type { Form } from "../state/curateState.ts";

interface IndexFieldProps {
  /** What is done with the index: "Compare". */
  label: string;
  indexes: PanelIndex[];
  value: string;
  choose: (brainKey: string) => void;
}

/** The index that is used. */
export function IndexField({ label, indexes, value, choose }: IndexFieldProps) {
  return (
    <label>
      {label}
      <select data-cy="curate-index" value={value} onChange={({ target }) => choose(target.value)}>
        <IndexOptions indexes={indexes} />
      </select>
    </label>
  );
}

/** The indexes as options, with the labels that they hold. */
export function IndexOptions({ indexes }: { indexes: PanelIndex[] }) {
  return (
    <>
      {indexes.map(({ brain_key, patches_field }) => (
        <option key={brain_key} value={brain_key}>
          {brain_key}
          {patches_field ? ` (${patches_field})` : ""}
        </option>
      ))}
    </>
  );
}

interface ScopeFieldProps {
  value: Form["scope"];
  choose: (scope: Form["scope"]) => void;
}

/** The samples that are used: all, or those that the grid shows. */
export function ScopeField({ value, choose }: ScopeFieldProps) {
  return (
    <label>
      in
      <select
        data-cy="curate-scope"
        value={value}
        onChange={({ target }) => choose(target.value as Form["scope"])}
      >
        <option value="dataset">the whole dataset</option>
        <option value="view">the current view</option>
      </select>
    </label>
  );
}
