import React, { type KeyboardEvent } from "react";
import { useShowInViewer } from "../../app/viewer.ts";
import type { ResultFile } from "../../generated.ts";
import { FileImage } from "./FileImage.tsx";

export interface RowImage {
  file: ResultFile;
  caption?: string;
  /** More about the image, shown as a tooltip. */
  title?: string;
}

interface ImageRowProps {
  /** What the images are, the accessible name of the list. */
  label: string;
  /** The `data-cy` name of each image. */
  name: string;
  images: RowImage[];
  frames: ReadonlyMap<string, string | null>;
}

/** Images in a row: arrow keys move between them, a click opens one in the sample viewer. */
export function ImageRow({ label, name, images, frames }: ImageRowProps) {
  const show = useShowInViewer();
  const ids = images.map(({ file }) => file.id);
  const onKeyDown = (event: KeyboardEvent<HTMLUListElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = [...event.currentTarget.querySelectorAll("button")];
    const next = all[all.indexOf(document.activeElement as HTMLButtonElement) + step];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    next.focus();
  };
  return (
    <ul className="ffs-curate-row" aria-label={label} onKeyDown={onKeyDown}>
      {images.map(({ file, caption, title }) => (
        <li key={file.id}>
          <button
            type="button"
            className="ffs-open"
            data-cy={name}
            data-id={file.id}
            title={title}
            onClick={() => void show(ids, file.id)}
          >
            <FileImage file={file} frame={frames.get(file.id) ?? null} />
            {caption && <span className="ffs-curate-caption">{caption}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}
