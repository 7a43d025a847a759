import React from "react";
import type { Server } from "../../app/server.ts";
import { ratingsOf, type ShownNeighbors } from "../../state/searchState.ts";
import type { Search } from "../../state/useSearch.ts";
import { SaveSearch } from "./SaveSearch.tsx";

interface FeedbackProps {
  search: Search;
  neighbors: ShownNeighbors;
  server: Server;
}

/** Relevance feedback: how many results are rated, and a search that uses the ratings. */
export function Feedback({ search, neighbors, server }: FeedbackProps) {
  const { rerank, update } = search;
  const { liked, disliked } = ratingsOf(search);
  if (!liked.length && !disliked.length) return null;
  const counts = [
    liked.length && `${liked.length} liked`,
    disliked.length && `${disliked.length} disliked`,
  ];
  return (
    <div className="ffs-feedback" data-cy="faiss-feedback">
      <span role="status">Relevance feedback: {counts.filter(Boolean).join(", ")}</span>
      <button
        type="button"
        className="ffs-button ffs-primary"
        data-cy="faiss-rerank"
        title="Key: r"
        onClick={rerank}
      >
        Search with feedback
      </button>
      <button
        type="button"
        className="ffs-button"
        data-cy="faiss-clear-feedback"
        onClick={() => update({ ratedQuery: neighbors.params.query, liked: [], disliked: [] })}
      >
        Clear feedback
      </button>
      <SaveSearch {...{ search, neighbors, server }} />
    </div>
  );
}
