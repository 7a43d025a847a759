import React, { useEffect, useRef } from "react";
import { counted } from "../../format/numbers.ts";

interface RemoveQuestionProps {
  count: number;
  noun: string;
  confirm: () => void;
  cancel: () => void;
}

/** Asks before something is removed from the dataset. */
export function RemoveQuestion({ count, noun, confirm, cancel }: RemoveQuestionProps) {
  const no = useRef<HTMLButtonElement>(null);
  useEffect(() => no.current?.focus(), []);
  const things = counted(count, noun);
  return (
    <div
      className="ffs-curate-question"
      role="alertdialog"
      aria-label={`Remove ${things}?`}
      data-cy="curate-question"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        cancel();
      }}
    >
      <span>
        Remove {things} from the dataset?{" "}
        {noun === "sample" ? "The files stay on disk, and you can undo it." : "You can undo it."}
      </span>
      <button
        type="button"
        className="ffs-button ffs-danger"
        data-cy="curate-confirm-remove"
        onClick={confirm}
      >
        Remove {things}
      </button>
      <button
        ref={no}
        type="button"
        className="ffs-button"
        data-cy="curate-cancel-remove"
        onClick={cancel}
      >
        Keep them
      </button>
    </div>
  );
}
