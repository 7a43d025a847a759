import React from "react";

/** A link that shows again what the grid showed first; nothing while it does. */
export function RestoreGrid({ isShown, restore }: { isShown: boolean; restore: () => Promise<void> }) {
  if (!isShown) return null;
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
