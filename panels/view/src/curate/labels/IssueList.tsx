import React, { type KeyboardEvent, useRef } from "react";
import type { IssueRow } from "../../generated.ts";
import { nextIndex } from "../../keyboard/gridNavigation.ts";
import { FileImage } from "../shared/FileImage.tsx";
import { decisionText, issueKey, labelsText, votesText } from "../state/issues.ts";
import { MoreButton } from "../shared/MoreButton.tsx";

interface IssueListProps {
  rows: IssueRow[];
  frames: ReadonlyMap<string, string | null>;
  current: string | null;
  setCurrent: (id: string) => void;
  focus: (id: string | null) => void;
  /** Does what a key that moves nothing means for the current issue. */
  onKey: (key: string) => void;
  total: number;
  more: () => Promise<void>;
}

/** The issues as pictures; the arrow keys move among them. */
export function IssueList(props: IssueListProps) {
  const { rows, frames, current, setCurrent, focus, onKey, total, more } = props;
  const root = useRef<HTMLOListElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const { ctrlKey, metaKey, altKey, key } = event;
    const target = event.target as HTMLElement;
    const action = issueKey(key);
    if (ctrlKey || metaKey || altKey || !action || target.dataset.cy !== "curate-issue") return;
    event.preventDefault();
    event.stopPropagation();
    if (action !== "move") return onKey(key);
    const tiles = [...(root.current?.children ?? [])].map((tile) => tile.getBoundingClientRect());
    const place = rows.findIndex(({ id }) => id === target.dataset.id);
    focus(rows[nextIndex(tiles, place, key) ?? place]?.id ?? null);
  };
  return (
    <>
      <ol ref={root} className="ffs-curate-issues" data-cy="curate-issues" onKeyDown={onKeyDown}>
        {rows.map((row) => (
          <li key={row.id} className="ffs-tile" data-decision={row.action ?? ""}>
            <button
              type="button"
              className="ffs-open"
              data-cy="curate-issue"
              data-id={row.id}
              tabIndex={row.id === current ? 0 : -1}
              aria-current={row.id === current}
              onFocus={() => setCurrent(row.id)}
              onClick={({ currentTarget }) => currentTarget.focus()}
              onDoubleClick={() => onKey("Enter")}
            >
              <FileImage file={row.file} frame={frames.get(row.id) ?? null} />
              <span className="ffs-curate-caption">
                <strong data-cy="curate-issue-labels">{labelsText(row)}</strong>
                <span className="ffs-curate-votes" data-cy="curate-issue-votes">
                  {votesText(row)}
                </span>
                <span className="ffs-curate-decision" data-cy="curate-issue-decision">
                  {decisionText(row)}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ol>
      <MoreButton shown={rows.length} total={total} things="labels" more={more} />
    </>
  );
}
