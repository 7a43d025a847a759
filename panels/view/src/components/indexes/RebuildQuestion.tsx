import React from "react";
import { counted } from "../../format/numbers.ts";
import type { PanelIndex } from "../../generated.ts";

interface RebuildQuestionProps {
  index: PanelIndex;
  answer: (isWanted: boolean) => void;
}

/** Tells what a rebuild does before it starts. */
export function RebuildQuestion({ index, answer }: RebuildQuestionProps) {
  const { size, model, patches_field } = index;
  const what = counted(size ?? 0, patches_field ? "label" : "sample");
  return (
    <div className="ffs-inline" role="group" aria-label="Rebuild" data-cy="faiss-rebuild-question">
      <span>
        Embed {what} again{model && ` with ${model}`}? This takes as long as building the index. You
        can cancel it; what is finished is kept.
      </span>
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
