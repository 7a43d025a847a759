import React from "react";
import { rebuildText } from "../../format/health.ts";
import type { IndexHealth, PanelIndex } from "../../generated.ts";

interface RebuildQuestionProps {
  index: PanelIndex;
  /** Null if it could not be compared. */
  health: IndexHealth | null;
  answer: (isWanted: boolean) => void;
}

/** Tells what a rebuild does, and how long it takes, before it starts. */
export function RebuildQuestion({ index, health, answer }: RebuildQuestionProps) {
  return (
    <div
      className="ffs-inline ffs-question"
      role="group"
      aria-label="Rebuild"
      data-cy="faiss-rebuild-question"
    >
      <span>{rebuildText(index, health)}</span>
      <button
        type="button"
        className="ffs-button ffs-primary"
        data-cy="faiss-rebuild-start"
        onClick={() => answer(true)}
        autoFocus
      >
        Rebuild
      </button>
      <button type="button" className="ffs-button" onClick={() => answer(false)}>
        Keep the index
      </button>
    </div>
  );
}
