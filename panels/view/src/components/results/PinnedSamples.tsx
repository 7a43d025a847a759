import React, { useState } from "react";
import type { Server } from "../../app/server.ts";
import type { PinnedSample } from "../../generated.ts";
import { fileName } from "../../format/tile.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import type { TilePrefs } from "../../state/tilePrefs.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { DuplicateTiles } from "./DuplicateTiles.tsx";
import type { OpenResult } from "./ResultColumns.tsx";
import { sourceOf } from "./sources.ts";
import { TileImage } from "./TileImage.tsx";

interface PinnedSamplesProps {
  neighbors: ShownNeighbors;
  server: Server;
  fit: TilePrefs["fit"];
  open: (ids: string[]) => OpenResult;
}

/** The samples of the query, which are not among its results; nor are their near-duplicates. */
export function PinnedSamples({ neighbors, server, fit, open }: PinnedSamplesProps) {
  const { pinned, patches_field } = neighbors;
  const images = useFrameImages(server, pinned, { patches_field });
  const [expanded, setExpanded] = useState<string | null>(null);
  if (!pinned.length) return null;
  const openPinned = open(pinned.map(({ id }) => id));
  return (
    <ul className="ffs-pinned" aria-label="Samples of the query" data-cy="faiss-pinned">
      {pinned.map((sample) => (
        <React.Fragment key={sample.id}>
          <li>
            <button
              type="button"
              className="ffs-open"
              data-id={sample.id}
              title={`In the query: ${fileName(sample.filepath)}`}
              aria-label={`In the query: ${fileName(sample.filepath)}`}
              onClick={() => openPinned(sample)}
            >
              <span className="ffs-image">
                <TileImage source={sourceOf(sample, images)} box={sample.bounding_box} fit={fit} />
              </span>
            </button>
            <StackButton
              sample={sample}
              isExpanded={sample.id === expanded}
              toggle={() => setExpanded(sample.id === expanded ? null : sample.id)}
            />
          </li>
          {sample.id === expanded && (
            <DuplicateTiles
              result={sample}
              {...{ server, patches_field, fit }}
              open={openPinned}
              isTabbable
            />
          )}
        </React.Fragment>
      ))}
    </ul>
  );
}

interface StackButtonProps {
  sample: PinnedSample;
  isExpanded: boolean;
  toggle: () => void;
}

/** Shows the near-duplicates of a sample of the query. */
function StackButton({ sample, isExpanded, toggle }: StackButtonProps) {
  const count = sample.near_duplicate_ids?.length ?? 0;
  if (!count) return null;
  return (
    <button
      type="button"
      className="ffs-near-duplicates"
      data-cy="faiss-pinned-duplicates"
      aria-expanded={isExpanded}
      aria-label={`+${count} near-duplicates of ${fileName(sample.filepath)}`}
      onClick={toggle}
    >
      +{count}
    </button>
  );
}
