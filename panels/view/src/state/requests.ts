// The messages of a search, and what their answers change in the state.
import { isFailure, type Server } from "../app/server.ts";
import type { GridAnswer, SearchAnswer, SearchParams, ShownAnswer } from "../generated.ts";
import { counted } from "../format/numbers.ts";
import {
  type Comparison,
  type ShownNeighbors,
  type StatusKind,
  type StatusMessage,
  withPage,
} from "./searchState.ts";
import type { Selection } from "./selection.ts";
import { gridOf } from "./settling.ts";
import { getState, isNewestSearch, nextSearchId, updateState } from "./store.ts";

/** What the actions of a search work with. */
export interface SearchContext {
  server: Server;
  dataset: string;
  current: () => CurrentPage;
}

/** What only the mounted page knows. */
export interface CurrentPage {
  selection: Selection;
  brainKey: string;
  /** The index of a saved search that names none. */
  defaultBrainKey: string;
  isModelLoading: boolean;
}

// Identifies the page that numbers its searches; the clocks of other pages may differ.
export const PAGE_ID = Math.random().toString(36).slice(2);

export function setStatus(
  dataset: string,
  kind: StatusKind,
  text: string,
  notes: string[] = []
): void {
  updateState(dataset, { status: { kind, text, notes } });
}

/** Sends a search; null if it failed or is not the newest any more. */
async function request(
  { server, dataset, current }: SearchContext,
  params: SearchParams & { before?: string[] },
  busyText: string
): Promise<ShownAnswer | null> {
  const search_id = nextSearchId(dataset);
  const text = current().isModelLoading ? "Loading the model, then searching…" : busyText;
  setStatus(dataset, "busy", text);
  const message = { ...params, ...gridOf(getState(dataset)), page: PAGE_ID, search_id };
  const answer = await server("search", message);
  if (!isNewestSearch(dataset, search_id)) return null;
  if (isFailure(answer)) setStatus(dataset, "error", answer.error);
  else if (!("superseded" in answer)) return answer;
  else setStatus(dataset, "idle", "A newer search was started elsewhere. Search again.");
  return null;
}

/** Searches, and shows the answer. */
export async function runSearch(
  context: SearchContext,
  params: SearchParams,
  busyText = "Searching…"
): Promise<void> {
  const { dataset } = context;
  updateState(dataset, { isPaging: false });
  const answer = await request(context, params, busyText);
  if (!answer) return;
  const { base: _base, sidebar: _sidebar, shown: _shown, ...neighbors } = answer;
  updateState(dataset, {
    ...changeOf(answer),
    neighbors: { ...neighbors, params, searchedAt: Date.now() },
    cutoff: null,
    taggings: [],
    untaggings: [],
    status: doneStatus(answer, answer.count),
  });
  // The results are on the page before the history is written.
  void record(context, params);
  const { comparison } = getState(dataset);
  if (comparison) await runComparison(context, comparison);
}

/** Adds a search to the history; a search with an uploaded image cannot be saved. */
async function record({ server, dataset }: SearchContext, params: SearchParams): Promise<void> {
  if (Object.keys(params.uploads).length > 0) return;
  const answer = await server("record", params);
  const { neighbors, status } = getState(dataset);
  if (isFailure(answer) && neighbors?.params === params) {
    updateState(dataset, { status: { ...status, notes: [...(status.notes ?? []), answer.error] } });
  }
}

/** Adds the page of results after those that are shown. */
export async function runNextPage(context: SearchContext, shown: ShownNeighbors): Promise<void> {
  const { dataset } = context;
  updateState(dataset, { isPaging: true });
  const before = shown.results.map(({ id }) => id);
  const params = { ...shown.params, skip: before.length, before };
  const answer = await request(context, params, "Loading more results…");
  if (!answer) return;
  updateState(dataset, {
    isPaging: false,
    neighbors: withPage(shown, answer),
    ...changeOf(answer),
    status: doneStatus(answer, before.length + answer.count),
  });
}

/** Shows the results in the grid again, which shows something else. */
export async function showInGrid({ server, dataset }: SearchContext): Promise<void> {
  const { neighbors } = getState(dataset);
  if (!neighbors) return;
  const grid = gridOf(getState(dataset));
  const ids = neighbors.results.map(({ id }) => id);
  const { patches_field } = neighbors;
  const answer = await server("show_results", { ...grid, ids, patches_field, scope: "dataset" });
  if (isFailure(answer)) setStatus(dataset, "error", answer.error);
  else updateState(dataset, changeOf(answer));
}

/** The change that an answer makes to the state of the grid. */
export function changeOf({ base, sidebar, shown, filters, moves }: GridAnswer) {
  return { grid: { base, sidebar, shown }, settling: { filters, moves } };
}

/** Sends the shown search to another index, and shows the answer beside the results. */
export async function runComparison(
  { server, dataset }: SearchContext,
  other: Pick<Comparison, "dataset" | "brain_key"> & Partial<Comparison>
): Promise<void> {
  const params = getState(dataset).neighbors?.params;
  if (!params) return;
  const target = { dataset: other.dataset, brain_key: other.brain_key };
  const before = other.neighbors ?? null;
  updateState(dataset, {
    comparison: { ...target, neighbors: before, error: null, busy: true },
  });
  const answer = await server("compare", {
    ...params,
    ...gridOf(getState(dataset)),
    dataset: other.dataset,
    other_key: other.brain_key,
  });
  const { comparison, neighbors } = getState(dataset);
  const isWanted =
    comparison?.dataset === other.dataset && comparison.brain_key === other.brain_key;
  if (!isWanted || neighbors?.params !== params) return;
  const outcome = isFailure(answer)
    ? { neighbors: null, error: answer.error }
    : { neighbors: answer, error: null };
  updateState(dataset, { comparison: { ...target, ...outcome, busy: false } });
}

function doneStatus({ milliseconds, notes }: SearchAnswer, count: number): StatusMessage {
  return { kind: "done", text: `${counted(count)} in ${Math.round(milliseconds)} ms`, notes };
}
