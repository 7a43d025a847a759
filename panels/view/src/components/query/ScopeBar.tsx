import React from "react";
import { scopeText } from "../../state/scope.ts";
import type { Search } from "../../state/useSearch.ts";

/** Where a search happens while the grid shows a view or a filter, and a button to change that. */
export function ScopeBar({ search }: { search: Search }) {
  const { look, options, narrow } = search;
  const scope = scopeText(options.scope, look);
  if (!scope) return null;
  return (
    <p className="ffs-scope" data-cy="faiss-scope-bar">
      <span role="status">{scope.text}</span> –{" "}
      <button
        type="button"
        className="ffs-link"
        data-cy="faiss-scope-switch"
        onClick={() => narrow({ scope: scope.other })}
      >
        {scope.button}
      </button>
      {scope.other === "view" && search.look?.has_filters && search.neighbors && (
        <span className="ffs-note">The sidebar's filters return when you clear the results.</span>
      )}
    </p>
  );
}
