import React, { type KeyboardEvent, useRef, useState } from "react";
import { useShowInViewer } from "../../app/viewer.ts";
import { fileName } from "../../format/tile.ts";
import type { ResultFile } from "../../generated.ts";
import { nextIndex } from "../../keyboard/gridNavigation.ts";
import { FileImage } from "./FileImage.tsx";
import { MoreButton } from "./MoreButton.tsx";

/** A picture with a text below it, and a further one in a weaker color. */
export interface GridTile {
  file: ResultFile;
  text: string;
  detail?: string | null;
  isMarked?: boolean;
}

interface ImageGridProps {
  label: string;
  noun: string;
  tiles: GridTile[];
  frames: ReadonlyMap<string, string | null>;
  total: number;
  more: () => Promise<void>;
}

/** Pictures in their order; arrow keys move the focus, a click or Enter opens one. */
export function ImageGrid({ label, noun, tiles, frames, total, more }: ImageGridProps) {
  const root = useRef<HTMLOListElement>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const show = useShowInViewer();
  const ids = tiles.map(({ file }) => file.id);
  const current = focused && ids.includes(focused) ? focused : ids[0];
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const buttons = [...(root.current?.querySelectorAll<HTMLElement>(".ffs-open") ?? [])];
    const boxes = buttons.map((button) => button.getBoundingClientRect());
    const next = nextIndex(boxes, buttons.indexOf(event.target as HTMLElement), event.key);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    buttons[next]?.focus();
  };
  return (
    <>
      <ol
        ref={root}
        className="ffs-curate-grid"
        aria-label={label}
        data-cy="curate-pictures"
        onKeyDown={onKeyDown}
      >
        {tiles.map(({ file, text, detail, isMarked }) => (
          <li key={file.id} className="ffs-tile">
            <button
              type="button"
              className={`ffs-open ${isMarked ? "ffs-curate-marked" : ""}`}
              data-cy="curate-picture"
              data-id={file.id}
              tabIndex={file.id === current ? 0 : -1}
              title={fileName(file.filepath)}
              onFocus={() => setFocused(file.id)}
              onClick={() => void show(ids, file.id)}
            >
              <FileImage file={file} frame={frames.get(file.id) ?? null} />
              <span className="ffs-curate-caption">
                <strong data-cy="curate-picture-text">{text}</strong>
                {detail && <span className="ffs-curate-reason">{detail}</span>}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <MoreButton shown={tiles.length} total={total} things={`${noun}s`} more={more} />
    </>
  );
}
