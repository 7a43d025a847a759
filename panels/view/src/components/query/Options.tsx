import React, { type KeyboardEvent, useId, useState } from "react";
import { describeIndex } from "../../format/indexes.ts";
import type { PanelIndex } from "../../generated.ts";
import { countChanged, scopeOfView, type SearchOptions } from "../../state/options.ts";
import type { Search } from "../../state/useSearch.ts";
import { Icon } from "../Icon.tsx";
import { MoreOptions } from "./MoreOptions.tsx";

const OPEN_KEY = "fiftyone-faiss.more-options";

export type SetOptions = (change: Partial<SearchOptions>) => void;

interface OptionsProps {
  search: Search;
  indexes: PanelIndex[];
  savedViews: string[];
}

/** The index, the number of results and where to search; behind a button, the other options. */
export function Options({ search, indexes, savedViews }: OptionsProps) {
  const { options, update, index } = search;
  const [isOpen, setOpen] = useState(() => localStorage.getItem(OPEN_KEY) === "yes");
  const moreId = useId();
  const set: SetOptions = (change) => update({ options: { ...options, ...change } });
  const searchOnEnter = (event: KeyboardEvent) => {
    if (event.key === "Enter") search.search();
  };
  const toggle = () => {
    localStorage.setItem(OPEN_KEY, isOpen ? "no" : "yes");
    setOpen(!isOpen);
  };
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
          onKeyDown={searchOnEnter}
        />
      </label>
      <ScopeSelect {...{ options, savedViews, set }} />
      <button
        type="button"
        className="ffs-button ffs-quiet"
        data-cy="faiss-options-more"
        aria-expanded={isOpen}
        aria-controls={moreId}
        aria-label={`More options${count}`}
        title="More options"
        onClick={toggle}
      >
        <Icon name="options" size={16} />
        <span className="ffs-button-label">More options</span>
        {count}
      </button>
      {isOpen && (
        <div id={moreId} className="ffs-more-options">
          <MoreOptions {...{ options, set, searchOnEnter }} supportsText={index.supports_text} />
        </div>
      )}
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
