import React, { useId, useState } from "react";
import type { IssueRow, LabelAction } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { labelsText } from "../state/issues.ts";

interface DecisionBarProps {
  current: IssueRow;
  /** The known labels. */
  classes: string[];
  /** Decides about the current issue; null relabels it to the suggested label. */
  choose: (action: LabelAction, label: string | null) => void;
  undo: () => void;
  canUndo: boolean;
  /** Moves the focus back to the current issue. */
  leave: () => void;
}

/** The decisions about the current issue, for the mouse and with their keys. */
export function DecisionBar(props: DecisionBarProps) {
  const { current, classes, choose, undo, canUndo, leave } = props;
  const [label, setLabel] = useState("");
  const id = useId();
  const name = label.trim();
  return (
    <div
      className="ffs-curate-decide"
      role="group"
      aria-label="Decide about the current label"
      data-cy="curate-decide"
    >
      <strong data-cy="curate-current">{labelsText(current)}</strong>
      <button
        type="button"
        className="ffs-button"
        data-cy="curate-relabel"
        {...disabledIf(!current.suggested, () => choose("relabel", null))}
      >
        {current.suggested ? `Relabel to ${current.suggested} (r)` : "None is suggested"}
      </button>
      <button
        type="button"
        className="ffs-button"
        data-cy="curate-keep"
        onClick={() => choose("keep", null)}
      >
        Keep (k)
      </button>
      <button
        type="button"
        className="ffs-button"
        data-cy="curate-not-sure"
        onClick={() => choose("not sure", null)}
      >
        Not sure (n)
      </button>
      <button
        type="button"
        className="ffs-button"
        data-cy="curate-undo-decision"
        {...disabledIf(!canUndo, undo)}
      >
        Undo (u)
      </button>
      <form
        className="ffs-curate-named"
        onSubmit={(event) => {
          event.preventDefault();
          if (name) choose("relabel", name);
        }}
      >
        <input
          className="ffs-field"
          data-cy="curate-other-label"
          aria-label="Another label"
          placeholder="Another label (l)"
          list={id}
          value={label}
          onChange={({ target }) => setLabel(target.value)}
          onKeyDown={(event) => {
            // The panel and the App have keys of their own.
            event.stopPropagation();
            if (event.key === "Escape") leave();
          }}
        />
        <datalist id={id}>
          {classes.map((known) => <option key={known} value={known} />)}
        </datalist>
        <button
          type="submit"
          className="ffs-button"
          data-cy="curate-relabel-other"
          {...disabledIf(!name, () => undefined)}
        >
          Relabel
        </button>
      </form>
    </div>
  );
}
