import React from "react";
import type { SearchParams } from "../generated.ts";
import { areOptionsChanged } from "../state/params.ts";
import type { StatusMessage } from "../state/searchState.ts";
import type { Search } from "../state/useSearch.ts";

/** What is happening, or what the last action did. */
export function Status({ status: { kind, text, notes = [] } }: { status: StatusMessage }) {
  return (
    <div
      className={`ffs-status ffs-${kind}`}
      data-cy="faiss-status"
      role={kind === "error" ? "alert" : "status"}
    >
      {(kind === "busy" || kind === "warming") && <span className="ffs-spinner" />}
      <span>
        {text}
        {notes.map((note) => (
          <span key={note} className="ffs-note">
            {note}
          </span>
        ))}
      </span>
    </div>
  );
}

/** Tells that the results are those of other options. */
export function OptionsChanged({ search }: { search: Search }) {
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

/** A sentence about all results, for example that none is relevant. */
export function Verdict({ verdict }: { verdict: string | null }) {
  if (!verdict) return null;
  return (
    <p className="ffs-verdict" data-cy="faiss-verdict" role="status">
      {verdict}
    </p>
  );
}

/** What to change when a search has no results. */
export function NoResults({ params: { thresh, scope } }: { params: SearchParams }) {
  return (
    <ul className="ffs-hints" data-cy="faiss-nothing">
      <li>There are no results.</li>
      {thresh !== null && <li>Increase the maximum distance, or clear it.</li>}
      {scope !== "dataset" && <li>Search in the whole dataset.</li>}
      <li>Try another query.</li>
    </ul>
  );
}

/** What to do before the first search. */
export function Hints({ supportsText }: { supportsText: boolean }) {
  return (
    <ul className="ffs-hints">
      {supportsText && <li>Type what to search for and press Enter.</li>}
      <li>Drop, paste or choose an image to find similar ones.</li>
      <li>Select samples in the grid to find similar ones.</li>
      {supportsText && (
        <li>
          Combine them: <code>2: forklift + @selected - "person"</code>
        </li>
      )}
    </ul>
  );
}
