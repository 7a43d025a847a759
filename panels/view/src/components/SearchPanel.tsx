import React from "react";
import type { Server } from "../app/server.ts";
import { type MethodOperators, useServer } from "../app/useServer.ts";
import type { PanelIndex, PanelData } from "../generated.ts";
import { NoIndex } from "./indexes/NoIndex.tsx";
import { SearchPage } from "./SearchPage.tsx";

export interface SearchPanelProps {
  data?: Partial<PanelData>;
  schema: { view: MethodOperators };
}

/** The panel's page. */
export function SearchPanel({ data = {}, schema }: SearchPanelProps) {
  const server = useServer(schema.view);
  const { error = null, dataset = "", size = 0, indexes, jobs = NO_ITEMS } = data;
  if (error || !indexes) return <Loading error={error} server={server} />;
  const shared = { server, dataset, size, listedJobs: jobs };
  if (!isFilled(indexes)) return <NoIndex key={dataset} {...shared} />;
  const { saved_views: savedViews = NO_ITEMS, others = NO_ITEMS, can_delegate = false } = data;
  const lists = { indexes, savedViews, others };
  return <SearchPage key={dataset} {...shared} {...lists} canDelegate={can_delegate} />;
}

// One array, so that it is no change from one rendering to the next.
const NO_ITEMS: never[] = [];

function isFilled(indexes: PanelIndex[]): indexes is [PanelIndex, ...PanelIndex[]] {
  return indexes.length > 0;
}

/** Shows until the indexes are known, or why they cannot be listed. */
export function Loading({ error, server }: { error: string | null; server: Server }) {
  return (
    <div className="ffs-panel">
      <div className="ffs-page" data-cy="faiss-looking">
        <p className={error ? "ffs-error" : "ffs-note"} role={error ? "alert" : "status"}>
          {error || "Loading indexes…"}
        </p>
        {error && (
          <button
            type="button"
            className="ffs-button ffs-primary ffs-centered"
            data-cy="faiss-again"
            onClick={() => void server("refresh", {})}
          >
            Try again
          </button>
        )}
      </div>
    </div>
  );
}
