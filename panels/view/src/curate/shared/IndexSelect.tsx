import React, { type ReactNode } from "react";
import type { PanelIndex } from "../../generated.ts";

interface IndexSelectProps {
  label: string;
  indexes: PanelIndex[];
  value: string;
  choose: (value: string) => void;
  /** More choices than the indexes. */
  children?: ReactNode;
}

/** A choice of an index. */
export function IndexSelect({ label, indexes, value, choose, children }: IndexSelectProps) {
  return (
    <label>
      {label}
      <select
        data-cy="curate-index"
        value={value}
        onChange={({ target }) => choose(target.value)}
      >
        {indexes.map(({ brain_key, patches_field }) => (
          <option key={brain_key} value={brain_key}>
            {brain_key}
            {patches_field ? ` (${patches_field})` : ""}
          </option>
        ))}
        {children}
      </select>
    </label>
  );
}
