import React, { type FormEvent, useEffect, useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import { counted } from "../../format/numbers.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import { describeTarget, type Target } from "../../state/target.ts";
import type { Tagging } from "../../state/useTagging.ts";
import type { Search } from "../../state/useSearch.ts";

// Nothing is sent while the user types the tag or moves the cutoff.
const PAUSE_MS = 300;

interface TagFormProps {
  search: Search;
  neighbors: ShownNeighbors;
  server: Server;
  target: Target;
  tagging: Tagging;
}

/** Tags the selected results, or those above the score cutoff; undoes the last tagging. */
export function TagForm({ search, neighbors, server, target, tagging }: TagFormProps) {
  const { tag, taggings, untaggings, update } = search;
  const { patches_field } = neighbors;
  const { ids } = target;
  const noun = patches_field ? "label" : "sample";
  const untagged = useUntaggedCount(search, server, ids, patches_field);
  const isDisabled = !ids.length || untagged === 0;
  const last = taggings.at(-1);

  const apply = (event: FormEvent) => {
    event.preventDefault();
    if (!isDisabled) void tagging.tag(ids);
  };
  return (
    <>
      <form className="ffs-inline" onSubmit={apply}>
        <label title="Key: t, or Shift+T on a result">
          <span className="ffs-button-label">Tag</span>
          <input
            className="ffs-field ffs-tag-name"
            data-cy="faiss-tag-name"
            aria-label="Tag"
            value={tag}
            onChange={(event) => update({ tag: event.target.value })}
          />
        </label>
        <button
          type="submit"
          className="ffs-button"
          data-cy="faiss-tag"
          title={`Tags ${describeTarget(target, noun)}`}
          aria-disabled={isDisabled}
        >
          {buttonText(target, untagged, noun)}
        </button>
      </form>
      {last && <UndoButton {...{ search, server, last }} />}
      {untaggings.length > 0 && (
        <button
          type="button"
          className="ffs-button"
          data-cy="faiss-undo-untag"
          onClick={() => void tagging.undoUntag()}
        >
          Undo untag
        </button>
      )}
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
      aria-label={`Undo tag “${last.tag}”`}
      title={`Undo tag “${last.tag}”`}
      onClick={() => void undo()}
    >
      Undo
    </button>
  );
}

/** How many of the results do not have the tag; null until that is known. */
function useUntaggedCount(
  { tag, taggings, untaggings }: Search,
  server: Server,
  ids: string[],
  patches_field: string | null
): number | null {
  const key = JSON.stringify([tag, ids, taggings, untaggings]);
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

function buttonText({ ids, kind }: Target, untagged: number | null, noun: string): string {
  const count = ids.length;
  const all = kind === "selected" ? `${count} selected` : counted(count, noun);
  if (!count) return "Nothing to tag";
  if (untagged === null || untagged === count) return `Tag ${all}`;
  if (!untagged) return `All ${count} have this tag`;
  return `Tag ${untagged} more of ${count}`;
}
