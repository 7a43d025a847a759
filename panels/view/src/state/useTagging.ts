import { useMemo, useRef } from "react";
import { isFailure, type Server } from "../app/server.ts";
import { counted } from "../format/numbers.ts";
import { setStatus } from "./requests.ts";
import { taggedIds, withoutTagged, withTagging } from "./searchState.ts";
import { getState, updateState } from "./store.ts";

// The App's grid is loaded again when no further result is tagged for so long.
const RELOAD_MS = 1_500;

export interface Tagging {
  /** Tags results, all at once. */
  tag: (ids: string[]) => Promise<void>;
  /** Removes the tag from results, also if they had it before. */
  untag: (ids: string[]) => Promise<void>;
  /** Undoes the last removal. */
  undoUntag: () => Promise<void>;
  /** Tags a result, or undoes that, without loading the App's grid again each time. */
  toggle: (id: string) => Promise<void>;
}

/** Tags results with the tag in the tag field. */
export function useTagging(server: Server, dataset: string): Tagging {
  const timer = useRef<ReturnType<typeof setTimeout>>();
  return useMemo(() => {
    const reloadSoon = () => {
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void server("reload_grid", {}), RELOAD_MS);
    };
    return {
      tag: (ids) => tag(server, dataset, ids),
      untag: (ids) => untag(server, dataset, ids),
      undoUntag: () => undoUntag(server, dataset),
      toggle: (id) => toggle(server, dataset, id, reloadSoon),
    };
  }, [server, dataset]);
}

async function tag(server: Server, dataset: string, ids: string[]): Promise<void> {
  const { tag, neighbors } = getState(dataset);
  if (!neighbors) return;
  const answer = await server("tag", { ids, tag, patches_field: neighbors.patches_field });
  if (isFailure(answer)) return setStatus(dataset, "error", answer.error);
  updateState(dataset, { taggings: withTagging(getState(dataset).taggings, tag, answer.ids) });
  const text = `${counted(ids.length)} tagged “${tag}”, ${answer.tagged} of them new`;
  setStatus(dataset, "done", text);
}

async function untag(server: Server, dataset: string, ids: string[]): Promise<void> {
  const { tag, neighbors } = getState(dataset);
  if (!neighbors) return;
  const { patches_field } = neighbors;
  const answer = await server("remove_tag", { ids, tag, patches_field });
  if (isFailure(answer)) return setStatus(dataset, "error", answer.error);
  const { taggings, untaggings } = getState(dataset);
  if (answer.ids.length) {
    updateState(dataset, {
      taggings: withoutTagged(taggings, tag, answer.ids),
      untaggings: [...untaggings, { tag, ids: answer.ids, patches_field }],
    });
  }
  setStatus(dataset, "done", `Removed the tag “${tag}” from ${counted(answer.ids.length)}`);
}

async function undoUntag(server: Server, dataset: string): Promise<void> {
  const last = getState(dataset).untaggings.at(-1);
  if (!last) return;
  const answer = await server("tag", last);
  if (isFailure(answer)) return setStatus(dataset, "error", answer.error);
  const { untaggings } = getState(dataset);
  updateState(dataset, { untaggings: untaggings.filter((untagging) => untagging !== last) });
  setStatus(dataset, "done", `${counted(answer.tagged)} tagged “${last.tag}” again`);
}

async function toggle(
  server: Server,
  dataset: string,
  id: string,
  onDone: () => void
): Promise<void> {
  const { tag, neighbors, taggings } = getState(dataset);
  if (!neighbors) return;
  const { patches_field, results } = neighbors;
  const rank = results.find((result) => result.id === id)?.rank;
  const name = rank ? `Result ${rank}` : "The near-duplicate";
  // At once, so that the next key acts on what the page shows.
  if (taggedIds(taggings, tag).has(id)) {
    updateState(dataset, { taggings: withoutTagged(taggings, tag, [id]) });
    const answer = await server("untag_result", { tag, ids: [id] });
    if (isFailure(answer)) return setStatus(dataset, "error", answer.error);
    setStatus(dataset, "done", `${name}: removed the tag “${tag}”`);
  } else {
    updateState(dataset, { taggings: withTagging(taggings, tag, [id]) });
    const answer = await server("tag_result", { ids: [id], tag, patches_field });
    if (isFailure(answer)) {
      updateState(dataset, { taggings: withoutTagged(getState(dataset).taggings, tag, [id]) });
      return setStatus(dataset, "error", answer.error);
    }
    const had = answer.tagged ? "" : ", which it had already";
    setStatus(dataset, "done", `${name} tagged “${tag}”${had}`);
  }
  onDone();
}
