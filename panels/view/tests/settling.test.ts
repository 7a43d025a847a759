import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gridOf, isByHand, isDropped, textOf } from "../src/state/settling.ts";

const NONE = textOf({});
const CARS = textOf({ label: { values: ["car"], exclude: false } });
const BOATS = textOf({ label: { values: ["boat"], exclude: false } });

describe("the filters of the sidebar are changed", () => {
  const change = { wanted: CARS, isSidebarUsed: false };
  test("by the App, which only drops them", () => {
    assert.equal(isByHand({ ...change, before: CARS, now: NONE }), false);
    assert.equal(isByHand({ ...change, before: CARS, now: CARS }), false);
  });
  test("by the page, which sets those that are wanted", () => {
    assert.equal(isByHand({ ...change, before: NONE, now: CARS }), false);
    assert.equal(isByHand({ ...change, before: BOATS, now: CARS, isSidebarUsed: true }), false);
  });
  test("by a person, to others", () => {
    assert.equal(isByHand({ ...change, before: CARS, now: BOATS }), true);
    assert.equal(isByHand({ ...change, before: NONE, now: BOATS }), true);
    // Those that were put aside for the results are still there until the App drops them.
    assert.equal(isByHand({ ...change, wanted: NONE, before: CARS, now: CARS }), false);
  });
  test("by a person who has just used the sidebar, to none", () => {
    assert.equal(isByHand({ ...change, before: CARS, now: NONE, isSidebarUsed: true }), true);
  });
});

test("a request says which filters are to come while the App loads a view", () => {
  const grid = { base: [], sidebar: {}, shown: ["f"] };
  assert.deepEqual(gridOf({ grid, settling: null }), grid);
  const settling = { filters: { tags: {} }, moves: true };
  assert.deepEqual(gridOf({ grid, settling }), { ...grid, pending: { tags: {} } });
});

test("the App has dropped the filters", () => {
  const change = { before: CARS, now: NONE, wanted: CARS, isSidebarUsed: false };
  assert.equal(isDropped(change), true);
  assert.equal(isDropped({ ...change, isSidebarUsed: true }), false);
  assert.equal(isDropped({ ...change, now: BOATS }), false);
  assert.equal(isDropped({ ...change, before: NONE }), false);
  assert.equal(isDropped({ ...change, before: NONE, wanted: NONE }), false);
});

test("the random ids of stages do not count", () => {
  assert.equal(textOf([{ _cls: "Limit", _uuid: "1" }]), textOf([{ _cls: "Limit", _uuid: "2" }]));
  assert.equal(textOf(undefined), "{}");
});
