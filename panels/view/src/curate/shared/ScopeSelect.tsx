import React from "react";
import type { Form } from "../state/curateState.ts";

interface ScopeSelectProps {
  value: Form["scope"];
  choose: (scope: Form["scope"]) => void;
}

/** A choice of the samples: all, or those of the grid's view. */
export function ScopeSelect({ value, choose }: ScopeSelectProps) {
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
