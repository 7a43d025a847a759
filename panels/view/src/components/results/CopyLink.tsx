import React, { useState } from "react";
import { copyText } from "../../browser/clipboard.ts";
import { linkTo } from "../../state/link.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import type { Search } from "../../state/useSearch.ts";

/** Copies an address that fills the query line with this search. */
export function CopyLink({ search, neighbors }: { search: Search; neighbors: ShownNeighbors }) {
  const [shown, setShown] = useState<string | null>(null);
  const copy = async () => {
    const link = linkTo(location.href, neighbors.params);
    if ("error" in link) return search.setStatus("error", link.error);
    const isCopied = await copyText(link.url);
    search.setStatus("done", isCopied ? "Copied the link" : "Copy the link by hand");
    setShown(isCopied ? null : link.url);
  };
  return (
    <>
      <button
        type="button"
        className="ffs-button"
        data-cy="faiss-copy-link"
        onClick={() => void copy()}
      >
        Copy link
      </button>
      {shown && (
        <pre className="ffs-code" data-cy="faiss-link" tabIndex={0} aria-label="Link">
          {shown}
        </pre>
      )}
    </>
  );
}
