import React, { type FormEvent, useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import { savedParams } from "../../state/params.ts";
import { ratingsOf, type ShownNeighbors } from "../../state/searchState.ts";
import type { Search } from "../../state/useSearch.ts";

interface SaveSearchProps {
  search: Search;
  neighbors: ShownNeighbors;
  server: Server;
}

/** Saves the search of the results, with the current ratings, under a name in the history. */
export function SaveSearch({ search, neighbors, server }: SaveSearchProps) {
  const [name, setName] = useState<string | null>(null);
  if (name === null) {
    return (
      <button
        type="button"
        className="ffs-button"
        data-cy="faiss-save-search"
        onClick={() => setName(neighbors.params.query)}
      >
        Save search
      </button>
    );
  }
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const params = savedParams({ ...neighbors.params, ...ratingsOf(search) });
    const answer = await server("save_search", { params, name });
    if (isFailure(answer)) return search.setStatus("error", answer.error);
    search.setStatus("done", `Saved as “${name}” in the history`);
    setName(null);
  };
  return (
    <form className="ffs-inline" onSubmit={(event) => void save(event)}>
      <input
        className="ffs-field"
        data-cy="faiss-save-search-name"
        aria-label="Name of this search"
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          setName(null);
        }}
        autoFocus
      />
      <button type="submit" className="ffs-button" data-cy="faiss-save-search-done">
        Save
      </button>
    </form>
  );
}
