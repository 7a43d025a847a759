import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer, Params, Server } from "../src/app/server.ts";
import type { PanelMethod } from "../src/generated.ts";
import { type SearchContext, showInGrid } from "../src/state/requests.ts";
import { applySaved, clear, narrow, rerank, search, showMore } from "../src/state/searchActions.ts";
import { NO_SELECTION } from "../src/state/selection.ts";
import { getState, updateState } from "../src/state/store.ts";
import { neighborsOf } from "./helpers.ts";

interface Call {
  method: PanelMethod;
  params: Record<string, unknown>;
  answer: (answer: object) => Promise<void>;
}

/** A context whose server leaves the answers to the test. */
function contextOf(dataset: string, current = NO_SELECTION) {
  const calls: Call[] = [];
  // The history is written beside the other calls.
  const records: Call[] = [];
  const server: Server = <M extends PanelMethod>(method: M, params: Params<M>) =>
    new Promise<Answer<M>>((resolve) => {
      const answer = async (answer: object) => {
        resolve(answer as Answer<M>);
        // The code that waits for the answer runs first.
        await new Promise((done) => setImmediate(done));
      };
      const list = method === "record" ? records : calls;
      list.push({ method, params: { ...params }, answer });
    });
  const page = {
    selection: current,
    brainKey: "clip",
    defaultBrainKey: "first",
    isModelLoading: false,
  };
  const context: SearchContext = { server, dataset, current: () => page };
  const call = (i: number): Call => {
    const made = calls[i];
    assert.ok(made, `there is no call ${i}`);
    return made;
  };
  return { context, calls, call, records };
}

const GRID = { base: ["stage"], sidebar: {}, shown: ["fingerprint"] };

function answerOf(ids: string[]) {
  return { ...neighborsOf(ids), ...GRID, filters: { tags: {} }, moves: true };
}

function idsOf(dataset: string): string[] | undefined {
  return getState(dataset).neighbors?.results.map(({ id }) => id);
}

test("an answer is shown with the request that it answers", async () => {
  const { context, call } = contextOf("shown");
  updateState("shown", { query: "a car", cutoff: 3, taggings: [{ tag: "t", ids: ["a"] }] });
  void search(context);
  assert.equal(getState("shown").status.text, "Searching…");
  assert.equal(call(0).params.brain_key, "clip");
  await call(0).answer(answerOf(["a", "b"]));
  const { status, neighbors, grid, settling, cutoff, taggings } = getState("shown");
  assert.deepEqual(status, { kind: "done", text: "2 results in 12 ms", notes: [] });
  assert.deepEqual(idsOf("shown"), ["a", "b"]);
  assert.equal(neighbors?.params.query, "a car");
  assert.deepEqual(grid, GRID);
  assert.deepEqual(settling, { filters: { tags: {} }, moves: true });
  assert.deepEqual([cutoff, taggings], [null, []]);
});

test("a search is recorded once its results are shown", async () => {
  const { context, call, records } = contextOf("recorded");
  updateState("recorded", { query: "a car" });
  void search(context);
  assert.equal(records.length, 0);
  await call(0).answer(answerOf(["a", "b"]));
  assert.deepEqual(idsOf("recorded"), ["a", "b"]);
  assert.deepEqual(
    records.map(({ params }) => params.query),
    ["a car"]
  );
  // The results stay, whatever becomes of the record.
  await records[0]?.answer({ error: "The search cannot be saved." });
  assert.deepEqual(getState("recorded").status.notes, ["The search cannot be saved."]);
  assert.deepEqual(idsOf("recorded"), ["a", "b"]);
  // Further pages are the same search.
  void showMore(context);
  await call(1).answer(answerOf(["c"]));
  assert.equal(records.length, 1);
});

test("the answer of an older search is dropped", async () => {
  const { context, call } = contextOf("late");
  updateState("late", { query: "a car" });
  void search(context);
  updateState("late", { query: "a boat" });
  void search(context);
  const [older, newer] = [call(0).params.search_id, call(1).params.search_id];
  assert.ok(Number(newer) > Number(older));
  await call(1).answer(answerOf(["boat"]));
  await call(0).answer(answerOf(["car"]));
  assert.deepEqual(idsOf("late"), ["boat"]);
});

test("an error keeps the results", async () => {
  const { context, call } = contextOf("failing");
  updateState("failing", { query: "a car" });
  void search(context);
  await call(0).answer(answerOf(["a"]));
  void search(context);
  await call(1).answer({ error: "The query is empty." });
  assert.deepEqual(getState("failing").status, {
    kind: "error",
    text: "The query is empty.",
    notes: [],
  });
  assert.deepEqual(idsOf("failing"), ["a"]);
});

test("a further page follows the results", async () => {
  const { context, call } = contextOf("paged");
  updateState("paged", { query: "a car" });
  void search(context);
  await call(0).answer(answerOf(["a", "b"]));
  void showMore(context);
  assert.equal(getState("paged").isPaging, true);
  const { skip, before, base, shown } = call(1).params;
  assert.deepEqual([skip, before], [2, ["a", "b"]]);
  assert.deepEqual([base, shown], [["stage"], ["fingerprint"]]);
  await call(1).answer(answerOf(["c"]));
  assert.deepEqual(idsOf("paged"), ["a", "b", "c"]);
  assert.equal(getState("paged").isPaging, false);
  assert.equal(getState("paged").status.text, "3 results in 12 ms");
});

test("a new query removes the ratings, and reranking sends them", async () => {
  const { context, call } = contextOf("rated");
  updateState("rated", { query: "a car", liked: ["x"], ratedQuery: "a boat" });
  void search(context);
  assert.deepEqual(call(0).params.liked, []);
  await call(0).answer(answerOf(["a"]));
  updateState("rated", { liked: ["a"], ratedQuery: "a car" });
  void rerank(context);
  assert.deepEqual(call(1).params.liked, ["a"]);
});

test("the comparison follows a search, and a late one is dropped", async () => {
  const { context, calls, call } = contextOf("compared");
  updateState("compared", {
    query: "a car",
    comparison: { dataset: "d", brain_key: "hog", neighbors: null, error: null, busy: false },
  });
  void search(context);
  await call(0).answer(answerOf(["a"]));
  assert.deepEqual(
    calls.map(({ method }) => method),
    ["search", "compare"]
  );
  assert.equal(call(1).params.other_key, "hog");
  void search(context);
  await call(2).answer(answerOf(["b"]));
  await call(1).answer(neighborsOf(["old"]));
  assert.equal(getState("compared").comparison?.neighbors, null);
  await call(3).answer({ error: "It failed." });
  assert.deepEqual(getState("compared").comparison, {
    dataset: "d",
    brain_key: "hog",
    neighbors: null,
    error: "It failed.",
    busy: false,
  });
});

test("a saved search runs as it was saved, or only fills the page", async () => {
  const { context, calls, call } = contextOf("saved");
  updateState("saved", { query: "old" });
  await applySaved(context, { query: "a car", k: 3 }, false);
  assert.equal(getState("saved").query, "a car");
  assert.equal(calls.length, 0);
  void applySaved(context, { query: "a car", k: 3 }, true);
  assert.deepEqual([call(0).params.k, call(0).params.brain_key], [3, "first"]);
});

test("clearing ends a running search", async () => {
  const { context, call } = contextOf("cleared");
  updateState("cleared", { query: "a car" });
  void search(context);
  void clear(context);
  assert.equal(call(1).method, "clear");
  await call(0).answer(answerOf(["a"]));
  await call(1).answer({ filters: { tags: {} }, moves: true });
  assert.deepEqual(getState("cleared").settling, { filters: { tags: {} }, moves: true });
  assert.equal(getState("cleared").neighbors, null);
  assert.equal(getState("cleared").query, "");
});

test("the selection of a search is kept for the next one", async () => {
  const selection = { selected: ["s"], alt: [] };
  const { context, call } = contextOf("selected", selection);
  updateState("selected", { query: "@selected" });
  void search(context);
  assert.deepEqual(call(0).params.selected, ["s"]);
  assert.deepEqual(getState("selected").selection, selection);
});

test("narrowing searches again for the query of the results", async () => {
  const { context, calls, call } = contextOf("narrowed");
  await narrow(context, { scope: "dataset" });
  assert.equal(calls.length, 0);
  assert.equal(getState("narrowed").options.scope, "dataset");
  updateState("narrowed", { query: "a car" });
  void search(context);
  await call(0).answer(answerOf(["a"]));
  updateState("narrowed", { query: "a do", liked: ["a"], ratedQuery: "a car" });
  void narrow(context, { filters: { tags: ["train"] } });
  const { query, filters, scope, liked } = call(1).params;
  assert.deepEqual([query, scope, liked], ["a car", "dataset", ["a"]]);
  assert.deepEqual(filters, { tags: ["train"] });
  assert.equal(getState("narrowed").query, "a do");
});

test("results are shown in the grid again", async () => {
  const { context, call } = contextOf("hidden");
  updateState("hidden", { query: "a car" });
  void search(context);
  await call(0).answer(answerOf(["a", "b"]));
  void showInGrid(context);
  assert.equal(call(1).method, "show_results");
  assert.deepEqual([call(1).params.ids, call(1).params.shown], [["a", "b"], ["fingerprint"]]);
  const grid = { base: [], sidebar: { tags: {} }, shown: ["other", "again"] };
  await call(1).answer({ ...grid, filters: {}, moves: true });
  assert.deepEqual(getState("hidden").grid, grid);
  assert.deepEqual(getState("hidden").settling, { filters: {}, moves: true });
});
