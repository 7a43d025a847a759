import React from "react";
import type { Server } from "../../app/server.ts";
import type { PanelIndex, OtherIndex } from "../../generated.ts";
import { cutoffOf } from "../../state/cutoff.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import type { Search } from "../../state/useSearch.ts";
import { CompareSelect } from "./CompareSelect.tsx";
import { SaveMenu } from "./SaveMenu.tsx";
import { TagForm } from "./TagForm.tsx";

interface ActionsProps {
  search: Search;
  neighbors: ShownNeighbors;
  server: Server;
  indexes: PanelIndex[];
  others: OtherIndex[];
  dataset: string;
}

/** What can be done with the results: tag, save, export, compare or clear them. */
export function Actions({ search, neighbors, server, indexes, others, dataset }: ActionsProps) {
  const { included } = cutoffOf(search);
  return (
    <div className="ffs-actions">
      {neighbors.results.length > 0 && (
        <>
          <TagForm {...{ search, neighbors, server }} results={included} />
          <SaveMenu {...{ search, neighbors, server }} results={included} />
          <CompareSelect {...{ search, indexes, others, dataset }} />
        </>
      )}
      <button
        type="button"
        className="ffs-button ffs-quiet"
        data-cy="faiss-clear"
        onClick={search.clear}
      >
        Clear
      </button>
    </div>
  );
}
