import React, { useEffect, useState } from "react";
import { isFailure, type Server } from "../app/server.ts";
import type { SearchParams } from "../generated.ts";
import { changeSince } from "../state/params.ts";
import type { StatusMessage } from "../state/searchState.ts";
import type { Search } from "../state/useSearch.ts";

/** What is happening, or what the last action did. */
export function Status({ status: { kind, text, notes = [] } }: { status: StatusMessage }) {
  return (
    <div
      className={`ffs-status ffs-${kind}`}
      data-cy="faiss-status"
      title={text}
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
  const change = changeSince(search, index.brain_key);
  if (status.kind === "busy" || !change) return null;
  return (
    <span data-cy="faiss-changed">
      {change} changed –{" "}
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
export function NoResults({ params, isNarrowed }: { params: SearchParams; isNarrowed: boolean }) {
  const { thresh, filters } = params;
  return (
    <ul className="ffs-hints" data-cy="faiss-nothing">
      <li>There are no results.</li>
      {thresh !== null && <li>Increase the maximum distance, or clear it.</li>}
      {Object.keys(filters ?? {}).length > 0 && <li>Remove a filter.</li>}
      {isNarrowed && <li>Search in the whole dataset.</li>}
      <li>Try another query.</li>
    </ul>
  );
}

interface HintsProps {
  supportsText: boolean;
  server: Server;
  search: Search;
}

/** What to do before the first search. */
export function Hints({ supportsText, server, search }: HintsProps) {
  return (
    <ul className="ffs-hints">
      {supportsText && <Examples {...{ server, search }} />}
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

/** Queries about what the dataset contains, to search with a click. */
function Examples({ server, search }: Pick<HintsProps, "server" | "search">) {
  const [examples, setExamples] = useState<string[]>([]);
  useEffect(() => {
    let isCurrent = true;
    server("examples", {}).then((answer) => {
      if (isCurrent && !isFailure(answer)) setExamples(answer.examples);
    });
    return () => {
      isCurrent = false;
    };
  }, [server]);
  if (!examples.length) return null;
  return (
    <li className="ffs-examples" data-cy="faiss-examples">
      Try{" "}
      {examples.map((example) => (
        <button
          key={example}
          type="button"
          className="ffs-button"
          data-cy="faiss-example"
          onClick={() => {
            search.update({ query: example });
            search.search();
          }}
        >
          {example}
        </button>
      ))}
    </li>
  );
}
