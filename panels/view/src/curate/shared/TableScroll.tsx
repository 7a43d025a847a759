import React, { type ReactNode } from "react";

/** A table that scrolls sideways in a narrow panel, also with the arrow keys. */
export function TableScroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="ffs-curate-table" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
