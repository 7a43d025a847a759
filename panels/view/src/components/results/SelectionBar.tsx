import React from "react";
import { counted } from "../../format/numbers.ts";
import type { Search } from "../../state/useSearch.ts";
import type { Tagging } from "../../state/useTagging.ts";
import type { ChangeSelection } from "../../app/useSelection.ts";
import { IconButton } from "../Icon.tsx";

interface SelectionBarProps {
  search: Search;
  /** The selected results, in their order. */
  ids: string[];
  tagging: Tagging;
  changeSelection: ChangeSelection;
}

/** What can be done with the selected results. */
export function SelectionBar({ search, ids, tagging, changeSelection }: SelectionBarProps) {
  const { tag, like, exclude, searchOnlySelected } = search;
  if (!ids.length) return null;
  const excludeAll = () => {
    exclude(ids);
    changeSelection(ids, false);
  };
  return (
    <div
      className="ffs-selection"
      role="toolbar"
      aria-label="Selected results"
      data-cy="faiss-selection"
    >
      <b role="status">{ids.length} selected</b>
      <Button name="selection-tag" onClick={() => void tagging.tag(ids)}>
        Tag “{tag}”
      </Button>
      <Button name="selection-untag" onClick={() => void tagging.untag(ids)}>
        Untag
      </Button>
      <Button name="selection-like" onClick={() => like(ids)}>
        Like
      </Button>
      <Button
        name="selection-exclude"
        title={`Leave ${counted(ids.length)} out of this query`}
        onClick={excludeAll}
      >
        Exclude
      </Button>
      <Button
        name="use-selection"
        title="Search for results that are similar to these only"
        onClick={searchOnlySelected}
      >
        Find similar
      </Button>
      <IconButton
        icon="remove"
        size={16}
        label="Clear the selection"
        data-cy="faiss-selection-clear"
        onClick={() => changeSelection(ids, false)}
      />
    </div>
  );
}

/** How many results are left out of the query, and the button that brings them back. */
export function ExclusionBar({ search }: { search: Search }) {
  const { exclusion, neighbors, clearExclusion } = search;
  if (!exclusion?.ids.length || exclusion.query !== neighbors?.params.query) return null;
  return (
    <div className="ffs-selection" data-cy="faiss-exclusion">
      <span role="status">{counted(exclusion.ids.length)} excluded from this query</span>
      <Button name="exclusion-clear" onClick={clearExclusion}>
        Restore
      </Button>
    </div>
  );
}

interface ButtonProps {
  name: string;
  title?: string;
  onClick: () => void;
  children: React.ReactNode;
}

function Button({ name, title, onClick, children }: ButtonProps) {
  return (
    <button
      type="button"
      className="ffs-button"
      data-cy={`faiss-${name}`}
      title={title}
      onClick={onClick}
    >
      {children}
    </button>
  );
}
