import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { histogramOf } from "../src/format/histogram.ts";
import { filterPairs, hasFilter, toggleFilter } from "../src/state/filters.ts";
import { isNarrowed, scopeText } from "../src/state/scope.ts";

const LOOK = {
  total: 1000,
  in_view: 134,
  has_filters: true,
  has_results: true,
  is_of_parts: false,
  index_version: "1",
};

describe("the place of a search", () => {
  test("is named while the grid shows fewer samples than the dataset has", () => {
    assert.deepEqual(scopeText("view", LOOK), {
      text: "Searching 134 of 1,000",
      button: "search everything",
      other: "dataset",
    });
    assert.deepEqual(scopeText("dataset", LOOK), {
      text: "Searching all 1,000",
      button: "search only the 134 in view",
      other: "view",
    });
    const parts = { ...LOOK, in_view: 2345, is_of_parts: true };
    assert.equal(scopeText("view", parts)?.text, "Searching the 2,345 in view");
  });
  test("is not named where there is only one, or a saved view is searched", () => {
    assert.equal(scopeText("view", null), null);
    assert.equal(scopeText("view", { ...LOOK, in_view: null }), null);
    assert.equal(scopeText("saved:view", LOOK), null);
  });
  test("may be narrower than the dataset", () => {
    const of = (scope: string, in_view: number | null) =>
      isNarrowed({ options: { scope }, look: { ...LOOK, in_view } });
    assert.deepEqual(
      [of("view", 3), of("view", null), of("dataset", 3), of("beach", null)],
      [true, false, false, true]
    );
  });
});

test("a filter is added, and removed again", () => {
  const first = toggleFilter({}, "tags", "train");
  const both = toggleFilter(toggleFilter(first, "tags", "new"), "scene", "beach");
  assert.deepEqual(both, { tags: ["train", "new"], scene: ["beach"] });
  assert.deepEqual(filterPairs(both), [
    ["tags", "train"],
    ["tags", "new"],
    ["scene", "beach"],
  ]);
  assert.deepEqual([hasFilter(both, "tags", "new"), hasFilter(both, "other", "new")], [true, false]);
  assert.deepEqual(toggleFilter(both, "scene", "beach"), { tags: ["train", "new"] });
});

test("a histogram counts scores, and those above the cutoff", () => {
  const bars = histogramOf([1, 0.9, 0.5, 0.5, 0], 2, 4);
  assert.deepEqual(bars, [
    { height: 0.5, included: 0 },
    { height: 0, included: 0 },
    { height: 1, included: 0 },
    { height: 1, included: 1 },
  ]);
  assert.deepEqual(histogramOf([0.3, 0.3], 1, 2), [
    { height: 1, included: 0.5 },
    { height: 0, included: 0 },
  ]);
});
