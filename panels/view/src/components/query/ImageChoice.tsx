import React from "react";
import type { ImageQueries } from "../../query/useImageQueries.ts";

/** Asks whether another image replaces the one of the query. */
export function ImageChoice({ answer }: Pick<ImageQueries, "answer">) {
  return (
    <div
      className="ffs-inline"
      role="group"
      aria-label="Another image"
      data-cy="faiss-image-choice"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        answer("cancel");
      }}
    >
      <span>The query has an image.</span>
      <button
        type="button"
        className="ffs-button ffs-primary"
        data-cy="faiss-image-replace"
        onClick={() => answer("replace")}
        autoFocus
      >
        Replace it
      </button>
      <button
        type="button"
        className="ffs-button"
        data-cy="faiss-image-add"
        onClick={() => answer("add")}
      >
        Add this one
      </button>
      <button type="button" className="ffs-button ffs-quiet" onClick={() => answer("cancel")}>
        Cancel
      </button>
    </div>
  );
}
