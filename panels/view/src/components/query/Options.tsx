import React, { type KeyboardEvent } from "react";
import { describeIndex } from "../../format/indexes.ts";
import type { PanelIndex } from "../../generated.ts";
import { countChanged, scopeOfView, type SearchOptions } from "../../state/options.ts";
import type { Search } from "../../state/useSearch.ts";
import { Icon } from "../Icon.tsx";

export type SetOptions = (change: Partial<SearchOptions>) => void;

/** A function that changes some of the options. */
export function optionSetter({ options, update }: Search): SetOptions {
  return (change) => update({ options: { ...options, ...change } });
}

/** Searches when Enter is pressed in a field. */
export function searchOnEnter({ search }: Search) {
  return (event: KeyboardEvent) => {
    if (event.key === "Enter") search();
  };
}

interface OptionsProps {
  search: Search;
  indexes: PanelIndex[];
  savedViews: string[];
}

/** The index, the number of results and where to search; a drawer has the other options. */
export function Options({ search, indexes, savedViews }: OptionsProps) {
  const { options, update, index, drawer } = search;
  const isOpen = drawer === "options";
  const set = optionSetter(search);
  const changed = countChanged(options);
  const count = changed ? ` (${changed})` : "";
  return (
    <>
      <label>
        Index
        <select
          data-cy="faiss-index"
          value={index.brain_key}
          onChange={(event) => set({ brain_key: event.target.value })}
        >
          {indexes.map((choice) => (
            <option key={choice.brain_key} value={choice.brain_key}>
              {describeIndex(choice)}
            </option>
          ))}
        </select>
      </label>
      <label title="The number of results">
        Results
        <input
          type="number"
          className="ffs-number"
          data-cy="faiss-k"
          value={options.k}
          onChange={(event) => set({ k: event.target.value })}
          onKeyDown={searchOnEnter(search)}
        />
      </label>
      <ScopeSelect {...{ options, savedViews, set }} />
      <button
        type="button"
        className="ffs-button ffs-quiet"
        data-cy="faiss-options-more"
        aria-expanded={isOpen}
        aria-controls="ffs-drawer"
        aria-label={`More options${count}`}
        title="More options"
        onClick={() => update({ drawer: isOpen ? null : "options" })}
      >
        <Icon name="options" size={16} />
        <span className="ffs-button-label">More options</span>
        {count}
      </button>
    </>
  );
}

interface ScopeSelectProps {
  options: SearchOptions;
  savedViews: string[];
  set: SetOptions;
}

function ScopeSelect({ options: { scope }, savedViews, set }: ScopeSelectProps) {
  const views = savedViews.map((name) => ({ name, value: scopeOfView(name) }));
  const isListed = ["dataset", "view", ...views.map(({ value }) => value)].includes(scope);
  return (
    <label>
      Search in
      <select
        data-cy="faiss-scope"
        value={scope}
        onChange={(event) => set({ scope: event.target.value })}
      >
        <option value="view">what the grid shows</option>
        <option value="dataset">the dataset</option>
        {views.map(({ name, value }) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
        {!isListed && <option value={scope}>{scope} (deleted)</option>}
      </select>
    </label>
  );
}
