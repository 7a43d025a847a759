import React from "react";

/** A button that shows in the grid what it showed before. */
export function RestoreGrid({ restore }: { restore: () => Promise<void> }) {
  return (
    <button
      type="button"
      className="ffs-link"
      data-cy="curate-restore-grid"
      onClick={() => void restore()}
    >
      Show the grid as before
    </button>
  );
}
