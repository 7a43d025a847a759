import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { comparableIndexes, countShared } from "../src/state/comparison.ts";
import {
  cleared,
  INITIAL_STATE,
  ratingsOf,
  withRating,
  withTagging,
} from "../src/state/searchState.ts";
import {
  clearState,
  getState,
  isNewestSearch,
  loadStatesWith,
  nextSearchId,
  subscribe,
  updateState,
} from "../src/state/store.ts";
import { resultOf, shownOf } from "./helpers.ts";

describe("the store", () => {
  test("keeps a state for each dataset", () => {
    updateState("one", { query: "a car" });
    updateState("one", { tag: "cars" });
    assert.deepEqual(getState("one"), { ...INITIAL_STATE, query: "a car", tag: "cars" });
    assert.equal(getState("another"), INITIAL_STATE);
  });
  test("calls its listeners until they end that", () => {
    let calls = 0;
    const end = subscribe(() => (calls += 1));
    updateState("listened", { query: "a" });
    clearState("listened");
    end();
    updateState("listened", { query: "b" });
    assert.equal(calls, 2);
  });
  test("loads a state once, when it is first used", () => {
    const loaded: string[] = [];
    loadStatesWith((dataset) => {
      loaded.push(dataset);
      return { ...INITIAL_STATE, query: "kept" };
    });
    assert.equal(getState("loaded").query, "kept");
    updateState("loaded", { tag: "cars" });
    assert.equal(getState("loaded").query, "kept");
    assert.deepEqual(loaded, ["loaded"]);
    loadStatesWith(() => INITIAL_STATE);
  });
  test("tells its listeners which state changed", () => {
    const changed: string[] = [];
    const end = subscribe((dataset) => changed.push(dataset));
    updateState("first", { query: "a" });
    clearState("second");
    end();
    assert.deepEqual(changed, ["first", "second"]);
  });
  test("returns the same object while nothing changes", () => {
    updateState("same", { query: "a" });
    assert.equal(getState("same"), getState("same"));
  });
  test("numbers searches in ascending order, also when the clock stands still", () => {
    assert.equal(nextSearchId("numbered", 1_000), 1_000);
    assert.equal(nextSearchId("numbered", 1_000), 1_001);
    assert.equal(nextSearchId("numbered", 5_000), 5_000);
    assert.equal(isNewestSearch("numbered", 5_000), true);
    assert.equal(isNewestSearch("numbered", 1_001), false);
    assert.equal(isNewestSearch("other", 5_000), false);
  });
});

test("clearing keeps the preferences and what the grid shows", () => {
  const kept = {
    options: { ...INITIAL_STATE.options, k: "6" },
    tag: "cars",
    drawer: "help" as const,
    grid: { base: [], shown: ["f"] },
  };
  const state = { ...INITIAL_STATE, ...kept, query: "a car", liked: ["a"], cutoff: 3 };
  assert.deepEqual(cleared(state), { ...INITIAL_STATE, ...kept });
});

describe("ratings", () => {
  const rated = { ...INITIAL_STATE, neighbors: shownOf(["a", "b"]), ratedQuery: "a car" };
  test("a result is rated, rated otherwise, and not rated", () => {
    const liked = withRating(rated, "a", "liked");
    assert.deepEqual(liked, { liked: ["a"], disliked: [], ratedQuery: "a car" });
    const disliked = withRating({ ...rated, ...liked }, "a", "disliked");
    assert.deepEqual(disliked, { liked: [], disliked: ["a"], ratedQuery: "a car" });
    const removed = withRating({ ...rated, ...disliked }, "a", "disliked");
    assert.deepEqual(removed, { liked: [], disliked: [], ratedQuery: "a car" });
  });
  test("belong to the results, not to an edited query", () => {
    const neighbors = shownOf(["a"], { query: "a car", liked: ["a"], disliked: ["b"] });
    const edited = { ...INITIAL_STATE, neighbors, ratedQuery: "a boat", liked: ["c"] };
    assert.deepEqual(ratingsOf(edited), { liked: ["a"], disliked: ["b"] });
    const same = { ...edited, ratedQuery: "a car" };
    assert.deepEqual(ratingsOf(same), { liked: ["c"], disliked: [] });
  });
});

test("taggings with the same tag are undone together", () => {
  const first = withTagging([], "cars", ["a"]);
  const second = withTagging(first, "boats", ["b"]);
  assert.deepEqual(withTagging(second, "cars", ["c"]), [
    { tag: "boats", ids: ["b"] },
    { tag: "cars", ids: ["a", "c"] },
  ]);
  assert.equal(withTagging(second, "cars", []), second);
});

test("shared results are counted by their samples", () => {
  const patch = resultOf("p", { sample_id: "a" });
  assert.equal(countShared([resultOf("a"), resultOf("b")], [patch, resultOf("c")]), 1);
});

test("the selected index is not compared with itself", () => {
  const index = {
    brain_key: "clip",
    backend: "faiss",
    model: "m",
    supports_text: true,
    metric: "cosine",
    patches_field: null,
    size: 1,
    failures: 0,
    problem: null,
  };
  const other = { dataset: "b", brain_key: "clip", model: null, supports_text: false };
  const choices = comparableIndexes([index, { ...index, brain_key: "hog" }], [other], "clip", "a");
  assert.deepEqual(
    choices.map(({ dataset, brain_key }) => [dataset, brain_key]),
    [
      ["a", "hog"],
      ["b", "clip"],
    ]
  );
});
