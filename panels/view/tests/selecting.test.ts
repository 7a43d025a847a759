import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { excludedFor, withExcluded } from "../src/state/exclusion.ts";
import { idsBetween, overlap, rectangleOf } from "../src/state/ranges.ts";
import { taggedIds, withoutTagged } from "../src/state/searchState.ts";
import { describeTarget, targetOf } from "../src/state/target.ts";
import { resultOf, shownOf } from "./helpers.ts";

const IDS = ["a", "b", "c", "d", "e"];

test("a range is selected in both directions", () => {
  assert.deepEqual(idsBetween(IDS, "b", "d"), ["b", "c", "d"]);
  assert.deepEqual(idsBetween(IDS, "d", "b"), ["b", "c", "d"]);
  assert.deepEqual(idsBetween(IDS, null, "c"), ["c"]);
  assert.deepEqual(idsBetween(IDS, "gone", "c"), ["c"]);
});

test("a rectangle may be dragged from any corner", () => {
  const rectangle = rectangleOf([50, 10], [20, 40]);
  assert.deepEqual(rectangle, { left: 20, top: 10, right: 50, bottom: 40 });
  assert.ok(overlap(rectangle, rectangleOf([45, 35], [90, 90])));
  assert.ok(!overlap(rectangle, rectangleOf([51, 10], [60, 40])));
});

describe("an action applies to", () => {
  const neighbors = shownOf(IDS, {}, { cutoff: 3 });
  const state = { neighbors, cutoff: null, hidesBelowCutoff: false };

  test("the selected results, in their order", () => {
    const target = targetOf(state, new Set(["e", "b", "elsewhere"]));
    assert.deepEqual(target, { ids: ["b", "e"], kind: "selected" });
    assert.equal(describeTarget(target, "sample"), "2 selected samples");
  });

  test("those above the score cutoff without a selection", () => {
    const target = targetOf(state, new Set());
    assert.deepEqual(target, { ids: ["a", "b", "c"], kind: "above" });
    assert.equal(describeTarget(target, "label"), "3 labels above the score cutoff");
  });

  test("all if all are above it", () => {
    const target = targetOf({ ...state, cutoff: 5 }, new Set());
    assert.deepEqual(target, { ids: IDS, kind: "all" });
    assert.equal(describeTarget(target, "sample"), "5 samples");
  });
});

describe("excluded results", () => {
  const results = [
    resultOf("a"),
    resultOf("b", { near_duplicates: 2, near_duplicate_ids: ["x", "y"] }),
    resultOf("c"),
    resultOf("d"),
  ];
  const neighbors = shownOf([], { query: "a car" }, { cutoff: 3, results });

  test("leave the results and the requests, with their near-duplicates", () => {
    const changed = withExcluded({ neighbors, exclusion: null }, ["b"]);
    assert.deepEqual(changed?.exclusion, { query: "a car", ids: ["b", "x", "y"] });
    const shown = changed?.neighbors;
    assert.deepEqual(shown?.results.map(({ id }) => id), ["a", "c", "d"]);
    assert.deepEqual([shown?.count, shown?.cutoff], [3, 2]);
    assert.deepEqual(shown?.params.exclude, ["b", "x", "y"]);
  });

  test("are added to those before of the same query", () => {
    const before = { query: "a car", ids: ["z"] };
    assert.deepEqual(withExcluded({ neighbors, exclusion: before }, ["a"])?.exclusion?.ids, [
      "z",
      "a",
    ]);
    const other = { query: "a boat", ids: ["z"] };
    assert.deepEqual(withExcluded({ neighbors, exclusion: other }, ["a"])?.exclusion?.ids, ["a"]);
    assert.deepEqual(excludedFor(other, "a car"), []);
    assert.equal(withExcluded({ neighbors: null, exclusion: null }, ["a"]), null);
  });
});

test("a result loses a tag, and the others keep it", () => {
  const taggings = [
    { tag: "car", ids: ["a", "b"] },
    { tag: "boat", ids: ["a"] },
  ];
  assert.deepEqual(withoutTagged(taggings, "car", ["a"]), [
    { tag: "car", ids: ["b"] },
    { tag: "boat", ids: ["a"] },
  ]);
  assert.deepEqual(withoutTagged(taggings, "boat", ["a"]), [{ tag: "car", ids: ["a", "b"] }]);
  assert.deepEqual([...taggedIds(taggings, "car")], ["a", "b"]);
});
