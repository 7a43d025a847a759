import React, { useEffect, useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import type { PinnedSample, ResultFile, ResultRow } from "../../generated.ts";
import { duplicateTexts } from "../../format/tile.ts";
import type { TilePrefs } from "../../state/tilePrefs.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { sourceOf } from "./sources.ts";
import { TileImage } from "./TileImage.tsx";

interface DuplicateTilesProps {
  /** What they are collapsed into: a result, or a sample of the query. */
  result: ResultRow | PinnedSample;
  server: Server;
  patches_field: string | null;
  otherDataset?: string | undefined;
  fit: TilePrefs["fit"];
  /** Whether the Tab key leads to them, rather than the arrow keys. */
  isTabbable?: boolean;
  open: (result: { id: string; sample_id: string }) => void;
}

/** The near-duplicates of a result, after it. */
export function DuplicateTiles(props: DuplicateTilesProps) {
  const { result, server, patches_field, otherDataset, fit, open } = props;
  const { duplicates, error } = useDuplicates(props);
  const where = { patches_field, ...(otherDataset && { dataset: otherDataset }) };
  const images = useFrameImages(server, duplicates, where);
  if (error) {
    return (
      <li className="ffs-error" role="alert">
        {error}
      </li>
    );
  }
  return (
    <>
      {duplicates.map((duplicate) => {
        const { score, owner, name, title } = duplicateTexts(duplicate, result);
        return (
          <li key={duplicate.id} className="ffs-tile ffs-duplicate">
            <button
              type="button"
              className="ffs-open"
              data-cy="faiss-duplicate"
              data-id={duplicate.id}
              aria-label={name}
              title={title}
              tabIndex={props.isTabbable ? 0 : -1}
              onClick={() => open(duplicate)}
            >
              <span className="ffs-image">
                <TileImage
                  source={sourceOf(duplicate, images)}
                  box={duplicate.bounding_box}
                  fit={fit}
                />
              </span>
              <span className="ffs-caption" aria-hidden="true">
                <span>{owner}</span> <span className="ffs-score">{score}</span>
              </span>
            </button>
          </li>
        );
      })}
    </>
  );
}

const NONE: ResultFile[] = [];

function useDuplicates({ result, server, patches_field, otherDataset }: DuplicateTilesProps) {
  const [read, setRead] = useState({ duplicates: NONE, error: "" });
  const ids = result.near_duplicate_ids?.join() ?? "";
  useEffect(() => {
    if (!ids) return undefined;
    let isCurrent = true;
    const where = { patches_field, ...(otherDataset && { dataset: otherDataset }) };
    void server("near_duplicates", { ids: ids.split(","), ...where }).then((answer) => {
      if (!isCurrent) return;
      if (isFailure(answer)) setRead({ duplicates: NONE, error: answer.error });
      else setRead({ duplicates: answer.duplicates, error: "" });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, ids, patches_field, otherDataset]);
  return read;
}
