import assert from "node:assert/strict";
import { test } from "node:test";
import { cutoffOf } from "../src/state/cutoff.ts";
import { INITIAL_STATE, withPage } from "../src/state/searchState.ts";
import { neighborsOf, shownOf } from "./helpers.ts";

const STATE = { ...INITIAL_STATE, neighbors: shownOf(["a", "b", "c", "d"], {}, { cutoff: 2 }) };

function includedIds(state: Parameters<typeof cutoffOf>[0]): string[] {
  return cutoffOf(state).included.map(({ id }) => id);
}

test("the automatic cutoff hides nothing by itself", () => {
  const { position, isManual } = cutoffOf(STATE);
  assert.deepEqual({ position, isManual }, { position: 2, isManual: false });
  assert.deepEqual(includedIds(STATE), ["a", "b", "c", "d"]);
});

test("hidden results are not included", () => {
  assert.deepEqual(includedIds({ ...STATE, hidesBelowCutoff: true }), ["a", "b"]);
  assert.deepEqual(includedIds({ ...STATE, hidesBelowCutoff: true, cutoff: 0 }), []);
});

test("the user moves the cutoff, up to the number of results", () => {
  const moved = { ...STATE, cutoff: 3, hidesBelowCutoff: true };
  assert.equal(cutoffOf(moved).isManual, true);
  assert.deepEqual(includedIds(moved), ["a", "b", "c"]);
  assert.equal(cutoffOf({ ...STATE, cutoff: 9 }).position, 4);
});

test("a cutoff at the automatic position is not manual", () => {
  assert.equal(cutoffOf({ ...STATE, cutoff: 2 }).isManual, false);
});

test("without results there is no cutoff", () => {
  assert.deepEqual(cutoffOf(INITIAL_STATE), { position: 0, isManual: false, included: [] });
});

test("a further page moves a cutoff only from the end of the results", () => {
  const page = neighborsOf(["e", "f"], { cutoff: 1, has_more: false });
  const inside = withPage(STATE.neighbors, page);
  assert.equal(inside.cutoff, 2);
  assert.equal(inside.has_more, false);
  assert.deepEqual(
    inside.results.map(({ id }) => id),
    ["a", "b", "c", "d", "e", "f"]
  );
  assert.equal(withPage(shownOf(["a", "b", "c", "d"]), page).cutoff, 5);
});
