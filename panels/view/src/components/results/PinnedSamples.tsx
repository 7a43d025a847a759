import React from "react";
import type { Server } from "../../app/server.ts";
import { fileName } from "../../format/tile.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import type { TilePrefs } from "../../state/tilePrefs.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import type { OpenResult } from "./ResultColumns.tsx";
import { sourceOf } from "./sources.ts";
import { TileImage } from "./TileImage.tsx";

interface PinnedSamplesProps {
  neighbors: ShownNeighbors;
  server: Server;
  fit: TilePrefs["fit"];
  open: (ids: string[]) => OpenResult;
}

/** The samples of the query, which are not among its results. */
export function PinnedSamples({ neighbors, server, fit, open }: PinnedSamplesProps) {
  const { pinned, patches_field } = neighbors;
  const images = useFrameImages(server, pinned, { patches_field });
  if (!pinned.length) return null;
  return (
    <ul className="ffs-pinned" aria-label="Samples of the query" data-cy="faiss-pinned">
      {pinned.map((sample) => (
        <li key={sample.id}>
          <button
            type="button"
            className="ffs-open"
            data-id={sample.id}
            title={`In the query: ${fileName(sample.filepath)}`}
            aria-label={`In the query: ${fileName(sample.filepath)}`}
            onClick={() => open(pinned.map(({ id }) => id))(sample)}
          >
            <span className="ffs-image">
              <TileImage source={sourceOf(sample, images)} box={sample.bounding_box} fit={fit} />
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
