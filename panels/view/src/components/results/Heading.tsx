import React from "react";
import { areOptionsChanged } from "../../state/params.ts";
import type { Search } from "../../state/useSearch.ts";
import { Explanation, Status } from "../Status.tsx";
import { CutoffControl } from "./CutoffControl.tsx";

/** The query of the results, the status, how the results were computed, and their cutoff. */
export function Heading({ search }: { search: Search }) {
  const { neighbors, status } = search;
  return (
    <header className="ffs-heading">
      {neighbors && <h3 title={neighbors.query}>{neighbors.query}</h3>}
      <Status status={status} />
      <OptionsChanged search={search} />
      {neighbors && <Explanation sentences={neighbors.explanation} />}
      {neighbors && <CutoffControl search={search} count={neighbors.results.length} />}
    </header>
  );
}

function OptionsChanged({ search }: { search: Search }) {
  const { index, status } = search;
  if (status.kind === "busy" || !areOptionsChanged(search, index.brain_key)) return null;
  return (
    <span data-cy="faiss-changed">
      Options changed –{" "}
      <button type="button" className="ffs-link" onClick={search.search}>
        Search
      </button>
    </span>
  );
}
