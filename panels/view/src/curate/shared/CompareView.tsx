import React, { useEffect, useRef, useState } from "react";
import { fileName } from "../../format/tile.ts";
import type { ResultFile } from "../../generated.ts";
import { FileImage } from "./FileImage.tsx";

const MODES = { side: "Side by side", flicker: "Flicker", difference: "Difference" } as const;
type Mode = keyof typeof MODES;
const FLICKER_MS = 600;

export interface Compared {
  a: ResultFile;
  b: ResultFile;
  labelA: string;
  labelB: string;
  text: string;
  frames?: ReadonlyMap<string, string | null>;
}

interface CompareViewProps extends Compared {
  close: () => void;
  children?: React.ReactNode;
}

/** Two pictures: beside each other, in turn, or their difference. */
export function CompareView({ a, b, labelA, labelB, text, frames, close, children }: CompareViewProps) {
  const [mode, setMode] = useState<Mode>("side");
  const [isSecond, setSecond] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => root.current?.focus(), [a.id, b.id]);
  useEffect(() => {
    if (mode !== "flicker") return undefined;
    const timer = setInterval(() => setSecond((is) => !is), FLICKER_MS);
    return () => clearInterval(timer);
  }, [mode]);
  const shown = mode === "flicker" ? (isSecond ? [b] : [a]) : [a, b];
  const labels = { [a.id]: labelA, [b.id]: labelB };
  return (
    <div
      ref={root}
      className="ffs-curate-compare"
      role="region"
      aria-label="Comparison of two pictures"
      tabIndex={-1}
      data-cy="curate-compare"
      data-mode={mode}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <div className="ffs-options">
        {(Object.keys(MODES) as Mode[]).map((name) => (
          <button
            key={name}
            type="button"
            className="ffs-button"
            data-cy={`curate-compare-${name}`}
            aria-pressed={mode === name}
            onClick={() => setMode(name)}
          >
            {MODES[name]}
          </button>
        ))}
        {children}
        <button type="button" className="ffs-button" data-cy="curate-compare-close" onClick={close}>
          Close (Esc)
        </button>
      </div>
      <p className="ffs-note" data-cy="curate-compare-text">
        {text}
      </p>
      <div className={`ffs-curate-pictures ffs-curate-${mode}`}>
        {shown.map((file) => (
          <figure key={file.id}>
            <FileImage file={file} frame={frames?.get(file.id) ?? null} />
            <figcaption>
              <strong>{labels[file.id]}</strong> {fileName(file.filepath)}
            </figcaption>
          </figure>
        ))}
      </div>
    </div>
  );
}
