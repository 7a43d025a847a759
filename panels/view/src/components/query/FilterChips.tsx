import React from "react";
import { fieldName, filterPairs, toggleFilter } from "../../state/filters.ts";
import type { Search } from "../../state/useSearch.ts";
import { Icon } from "../Icon.tsx";

/** The filters of the search, each with a button that removes it. */
export function FilterChips({ search: { options, narrow } }: { search: Search }) {
  const { filters } = options;
  const pairs = filterPairs(filters);
  if (!pairs.length) return null;
  return (
    <div className="ffs-chips" data-cy="faiss-filter-chips" role="group" aria-label="Filters">
      {pairs.map(([path, value]) => (
        <span key={`${path}/${value}`} className="ffs-chip" data-cy="faiss-filter-chip">
          <Icon name="filter" size={14} />
          <span className="ffs-chip-text" title={`Only samples with ${fieldName(path)} ${value}`}>
            {fieldName(path)}: {value}
          </span>
          <button
            type="button"
            aria-label={`Remove the filter ${fieldName(path)}: ${value}`}
            data-cy="faiss-filter-remove"
            onClick={() => narrow({ filters: toggleFilter(filters, path, value) })}
          >
            ×
          </button>
        </span>
      ))}
    </div>
  );
}
