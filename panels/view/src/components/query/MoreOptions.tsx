import React from "react";
import type { Templates } from "../../generated.ts";
import type { SearchOptions } from "../../state/options.ts";
import type { DrawerProps } from "../Drawers.tsx";
import { optionSetter, searchOnEnter, type SetOptions } from "./Options.tsx";

/** The options that are seldom needed. */
export function MoreOptions({ search }: DrawerProps) {
  const { options, index } = search;
  const set = optionSetter(search);
  return (
    <div className="ffs-more-options">
      <Check name="reverse" {...{ options, set }} title="Sort by distance, largest first">
        Least similar first
      </Check>
      <Check name="collapse" {...{ options, set }} title="Show near-duplicates as one result">
        Collapse near-duplicates
      </Check>
      <Check
        name="hubness"
        {...{ options, set }}
        title="Rank samples lower that are similar to every query"
      >
        Hubness correction
      </Check>
      <label title="Put the text into a sentence for the model, for example “a photo of …”">
        Prompt template
        <select
          data-cy="faiss-templates"
          value={options.templates}
          disabled={!index.supports_text}
          onChange={(event) => set({ templates: event.target.value as Templates })}
        >
          <option value="off">off</option>
          <option value="single">single</option>
          <option value="ensemble">mean of several</option>
        </select>
      </label>
      <label title="0: the most similar results; 1: similar results that differ most">
        Diversity
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          data-cy="faiss-diversity"
          value={options.diversity}
          onChange={(event) => set({ diversity: Number(event.target.value) })}
        />
        <output>{options.diversity ? options.diversity.toFixed(2) : "off"}</output>
      </label>
      <label title="Leave out results with a larger distance to the query">
        Maximum distance
        <input
          type="number"
          step="any"
          placeholder="any"
          className="ffs-number"
          data-cy="faiss-thresh"
          value={options.thresh}
          onChange={(event) => set({ thresh: event.target.value })}
          onKeyDown={searchOnEnter(search)}
        />
      </label>
    </div>
  );
}

interface CheckProps {
  name: "reverse" | "collapse" | "hubness";
  options: SearchOptions;
  set: SetOptions;
  title: string;
  children: string;
}

function Check({ name, options, set, title, children }: CheckProps) {
  return (
    <label title={title}>
      <input
        type="checkbox"
        data-cy={`faiss-${name}`}
        checked={options[name] !== false}
        onChange={(event) => set({ [name]: event.target.checked })}
      />
      {children}
    </label>
  );
}
