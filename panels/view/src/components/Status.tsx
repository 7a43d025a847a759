import React, { useId, useState } from "react";
import type { SearchParams } from "../generated.ts";
import type { StatusMessage } from "../state/searchState.ts";

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

/** A sentence about all results, for example that none is relevant. */
export function Verdict({ verdict }: { verdict: string | null }) {
  if (!verdict) return null;
  return (
    <p className="ffs-verdict" data-cy="faiss-verdict" role="status">
      {verdict}
    </p>
  );
}

/** On request, how the results were computed. */
export function Explanation({ sentences }: { sentences: string[] }) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  if (!sentences.length) return null;
  return (
    <>
      <button
        type="button"
        className="ffs-link"
        data-cy="faiss-explain"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        how?
      </button>
      {isOpen && (
        <ul id={id} className="ffs-explanation" data-cy="faiss-explanation">
          {sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </>
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
