import React from "react";
import type { Server } from "../../app/server.ts";
import { Explanation } from "../../explanation/Explanation.tsx";
import { fileName } from "../../format/tile.ts";
import { focusResult } from "../../keyboard/focus.ts";
import type { Search } from "../../state/useSearch.ts";

/** Why a result matches the query of the search that the page shows. */
export function ResultExplanation({ search, server }: { search: Search; server: Server }) {
  const { explained, neighbors, update } = search;
  const result = neighbors?.results.find(({ id }) => id === explained);
  if (!neighbors || !result) return null;
  const { query, selected, alt, uploads, templates } = neighbors.params;
  const { brain_key } = neighbors;
  return (
    <Explanation
      key={result.id}
      server={server}
      request={{ query, selected, alt, uploads, templates, brain_key, id: result.id }}
      queryLabel={`Query: ${neighbors.query}`}
      matchLabel={`Result ${result.rank}: ${fileName(result.filepath)}`}
      close={() => {
        update({ explained: null });
        // Nothing outside of the dialog takes the focus while it is open.
        setTimeout(() => focusResult(result.id));
      }}
    />
  );
}
