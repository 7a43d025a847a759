import React, { useEffect, useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import type { Facet, FacetAnswer } from "../../generated.ts";
import { fieldName, hasFilter, toggleFilter } from "../../state/filters.ts";
import type { Filters } from "../../state/options.ts";
import type { Search } from "../../state/useSearch.ts";
import type { DrawerProps } from "../Drawers.tsx";

// Further values show on request.
const FEW = 8;

/** The labels and tags of the results, or of what would be searched: each is a filter. */
export function Facets({ search, server }: DrawerProps) {
  const { options, neighbors, narrow } = search;
  const answer = useFacets(server, search);
  if (!answer) return <p className="ffs-note">Counting labels and tags…</p>;
  const { facets, is_counted: isCounted } = answer;
  if (!isCounted) {
    return (
      <p className="ffs-note" data-cy="faiss-facets-later">
        There are too many samples to count. Search first: the labels and tags of the results are
        counted here, and each is a filter.
      </p>
    );
  }
  if (!facets.length) {
    const what = neighbors ? "results" : "samples";
    return <p className="ffs-note">The {what} have no tags, labels or texts to filter by.</p>;
  }
  return (
    <div className="ffs-facets" data-cy="faiss-facets">
      {facets.map((facet) => (
        <Values
          key={facet.path}
          facet={facet}
          filters={options.filters}
          toggle={(value) =>
            narrow({ filters: toggleFilter(options.filters, facet.path, value) })
          }
        />
      ))}
    </div>
  );
}

interface ValuesProps {
  facet: Facet;
  filters: Filters;
  toggle: (value: string) => void;
}

function Values({ facet: { path, values, more }, filters, toggle }: ValuesProps) {
  const [isOpen, setOpen] = useState(false);
  const shown = isOpen ? values : values.slice(0, FEW);
  const hidden = values.length - shown.length;
  return (
    <section aria-label={fieldName(path)}>
      <h3>{fieldName(path)}</h3>
      <ul>
        {shown.map(({ value, count }) => (
          <li key={value}>
            <button
              type="button"
              className="ffs-facet"
              data-cy="faiss-facet"
              aria-pressed={hasFilter(filters, path, value)}
              title={`Only samples with ${fieldName(path)} ${value}`}
              onClick={() => toggle(value)}
            >
              <span>{value}</span>
              <span className="ffs-count">{count.toLocaleString("en-US")}</span>
            </button>
          </li>
        ))}
      </ul>
      {hidden > 0 && (
        <button type="button" className="ffs-link" onClick={() => setOpen(true)}>
          {hidden} more
        </button>
      )}
      {isOpen && more > 0 && <span className="ffs-note">and {more} that are rarer</span>}
    </section>
  );
}

/** The values of the results on the page; without results, of what would be searched. */
function useFacets(server: Server, search: Search): FacetAnswer | null {
  const { neighbors, grid, options, look, setStatus } = search;
  const [facets, setFacets] = useState<FacetAnswer | null>(null);
  const results = neighbors?.results;
  const patches_field = neighbors?.patches_field ?? null;
  useEffect(() => {
    let isCurrent = true;
    const ids = results?.map(({ id }) => id) ?? null;
    const { scope } = options;
    server("facets", { ...grid, ids, patches_field, scope }).then((answer) => {
      if (!isCurrent) return;
      if (isFailure(answer)) setStatus("error", answer.error);
      else setFacets(answer);
    });
    return () => {
      isCurrent = false;
    };
    // What the grid shows matters only without results.
  }, [server, results, results ? null : options.scope, results ? null : look?.in_view]);
  return facets;
}
