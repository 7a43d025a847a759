import React, { type ChangeEvent } from "react";
import type { PanelIndex, OtherIndex } from "../../generated.ts";
import { comparableIndexes } from "../../state/comparison.ts";
import type { Search } from "../../state/useSearch.ts";

interface CompareSelectProps {
  search: Search;
  indexes: PanelIndex[];
  others: OtherIndex[];
  dataset: string;
}

/** Chooses another index, of this dataset or another, that answers the same query. */
export function CompareSelect({ search, indexes, others, dataset }: CompareSelectProps) {
  const { index, comparison, compare, update } = search;
  const choices = comparableIndexes(indexes, others, index.brain_key, dataset);
  if (!choices.length) return null;
  const selected = choices.findIndex(
    (choice) =>
      choice.dataset === comparison?.dataset && choice.brain_key === comparison.brain_key
  );
  const choose = ({ target }: ChangeEvent<HTMLSelectElement>) => {
    const choice = choices[Number(target.value)];
    if (choice) compare({ dataset: choice.dataset, brain_key: choice.brain_key });
    else update({ comparison: null });
  };
  return (
    <select
      className="ffs-button"
      data-cy="faiss-compare"
      aria-label="Compare with another index"
      value={selected}
      onChange={choose}
    >
      <option value={-1}>{comparison ? "Stop comparing" : "Compare…"}</option>
      {choices.map((choice, i) => (
        <option key={`${choice.dataset}/${choice.brain_key}`} value={i}>
          {choice.dataset === dataset ? "" : `${choice.dataset} · `}
          {choice.brain_key} · {choice.model ?? "no model"}
        </option>
      ))}
    </select>
  );
}
