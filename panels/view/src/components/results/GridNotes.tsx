import React from "react";
import type { Search } from "../../state/useSearch.ts";

/** Tells that the grid shows something else than the results, or that the index has changed. */
export function GridNotes({ search }: { search: Search }) {
  const { look, neighbors, grid, showInGrid, rerank } = search;
  // An answer that is newer has not been compared yet.
  if (!neighbors || look?.grid !== grid) return null;
  const isOld =
    neighbors.index_version !== null && neighbors.index_version !== look.index_version;
  return (
    <>
      {isOld && (
        <Note name="faiss-outdated" text="The index has changed since this search." act={rerank}>
          Search again
        </Note>
      )}
      {!look.has_results && neighbors.results.length > 0 && (
        <Note name="faiss-not-in-grid" text="The grid shows something else." act={showInGrid}>
          Show in grid
        </Note>
      )}
    </>
  );
}

interface NoteProps {
  name: string;
  text: string;
  act: () => void;
  children: string;
}

function Note({ name, text, act, children }: NoteProps) {
  return (
    <p className="ffs-scope" data-cy={name}>
      <span role="status">{text}</span>{" "}
      <button type="button" className="ffs-link" onClick={act}>
        {children}
      </button>
    </p>
  );
}
