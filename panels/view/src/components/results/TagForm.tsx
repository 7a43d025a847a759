import React, { type FormEvent, useEffect, useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import type { ResultRow } from "../../generated.ts";
import { counted } from "../../format/numbers.ts";
import { type ShownNeighbors, withTagging } from "../../state/searchState.ts";
import type { Search } from "../../state/useSearch.ts";

// Nothing is sent while the user types the tag or moves the cutoff.
const PAUSE_MS = 300;

interface TagFormProps {
  search: Search;
  neighbors: ShownNeighbors;
  results: ResultRow[];
  server: Server;
}

/** Tags the results, and undoes the last tagging. */
export function TagForm({ search, neighbors, results, server }: TagFormProps) {
  const { tag, taggings, update, setStatus } = search;
  const { patches_field } = neighbors;
  const ids = results.map(({ id }) => id);
  const untagged = useUntaggedCount(search, server, ids, patches_field);
  const isDisabled = !ids.length || untagged === 0;
  const last = taggings.at(-1);

  const apply = async (event: FormEvent) => {
    event.preventDefault();
    if (isDisabled) return;
    const answer = await server("tag", { ids, tag, patches_field });
    if (isFailure(answer)) return setStatus("error", answer.error);
    update({ taggings: withTagging(taggings, tag, answer.ids) });
    setStatus("done", `${counted(ids.length)} tagged “${tag}”, ${answer.tagged} of them new`);
  };
  return (
    <>
      <form className="ffs-inline" onSubmit={(event) => void apply(event)}>
        <label title="Key: t">
          Tag
          <input
            className="ffs-field ffs-tag-name"
            data-cy="faiss-tag-name"
            value={tag}
            onChange={(event) => update({ tag: event.target.value })}
          />
        </label>
        <button type="submit" className="ffs-button" data-cy="faiss-tag" aria-disabled={isDisabled}>
          {buttonText(ids.length, untagged, patches_field ? "label" : "sample")}
        </button>
      </form>
      {last && <UndoButton {...{ search, server, last }} />}
    </>
  );
}

interface UndoButtonProps {
  search: Search;
  server: Server;
  last: Search["taggings"][number];
}

function UndoButton({ search, server, last }: UndoButtonProps) {
  const { taggings, update, setStatus } = search;
  const undo = async () => {
    const answer = await server("untag", last);
    if (isFailure(answer)) return setStatus("error", answer.error);
    update({ taggings: taggings.filter((tagging) => tagging !== last) });
    setStatus("done", `Removed the tag “${last.tag}” from ${counted(answer.untagged)}`);
  };
  return (
    <button
      type="button"
      className="ffs-button"
      data-cy="faiss-untag"
      onClick={() => void undo()}
    >
      Undo tag “{last.tag}”
    </button>
  );
}

/** How many of the results do not have the tag; null until that is known. */
function useUntaggedCount(
  { tag, taggings }: Search,
  server: Server,
  ids: string[],
  patches_field: string | null
): number | null {
  const key = JSON.stringify([tag, ids, taggings]);
  const [preview, setPreview] = useState<{ key: string; count: number } | null>(null);
  useEffect(() => {
    if (!tag.trim() || !ids.length) return undefined;
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const answer = await server("preview_tag", { tag, ids, patches_field });
      // After an error the button counts all results; tagging shows the error.
      if (isCurrent && !isFailure(answer)) setPreview({ key, count: answer.new });
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [server, key]);
  return preview?.key === key ? preview.count : null;
}

function buttonText(count: number, untagged: number | null, noun: string): string {
  if (untagged === null || untagged === count) return `Tag ${counted(count, noun)}`;
  if (!untagged) return `All ${count} have this tag`;
  return `Tag ${untagged} more of ${counted(count, noun)}`;
}
