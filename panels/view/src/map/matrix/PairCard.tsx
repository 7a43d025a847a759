import React, { useMemo } from "react";
import { FileImage } from "../../curate/shared/FileImage.tsx";
import { fileName } from "../../format/tile.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import type { MapPageState } from "../state/useMapPage.ts";
import { areDuplicates, type Matrix, pairText } from "./cells.ts";

interface PairCardProps {
  page: MapPageState;
  matrix: Matrix;
  /** The places of the two; null while no cell was pointed at. */
  places: [number, number] | null;
}

/** The files of two places. */
function useFilesAt(matrix: Matrix, places: [number, number] | null) {
  const [a, b] = places ?? [-1, -1];
  return useMemo(
    () => [a, b].flatMap((place) => matrix.files.get(matrix.ids[place] ?? "") ?? []),
    [matrix, a, b]
  );
}

/** The two pictures of a cell, and how far they are from each other. */
export function PairCard({ page, matrix, places }: PairCardProps) {
  const files = useFilesAt(matrix, places);
  const frames = useFrameImages(page.server, files, matrix);
  if (!places) {
    return (
      <p className="ffs-note" data-cy="matrix-hint">
        Point at a cell to see both pictures; click it to see why they match.
      </p>
    );
  }
  return (
    <div className="ffs-matrix-card" data-cy="matrix-card">
      <div className="ffs-matrix-pair">
        {places.map((place, side) => {
          const file = matrix.files.get(matrix.ids[place]!);
          const label = matrix.labels[place];
          return (
            <figure key={side} data-cy="matrix-picture" data-id={matrix.ids[place]}>
              {file && <FileImage file={file} frame={frames.get(file.id) ?? null} />}
              <figcaption>
                {label && <strong>{label}</strong>} {file && fileName(file.filepath)}
              </figcaption>
            </figure>
          );
        })}
      </div>
      <span data-cy="matrix-text">{pairText(matrix, ...places)}</span>
      {areDuplicates(matrix, ...places) && <strong>Near-duplicates</strong>}
    </div>
  );
}
