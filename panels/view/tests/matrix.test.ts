import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  areDuplicates,
  cellAt,
  labelCounts,
  type Matrix,
  matrixOf,
  movedBy,
  pairIndex,
  pairText,
  runsOf,
  spansOf,
} from "../src/map/matrix/cells.ts";
import { mapViewFrom } from "../src/map/state/mapState.ts";

function floatsText(values: number[]): string {
  return Buffer.from(Float32Array.from(values).buffer).toString("base64");
}

const MATRIX: Matrix = matrixOf({
  brain_key: "clip",
  metric: "cosine",
  patches_field: null,
  ids: ["a", "b", "c", "d"],
  files: [],
  distances: floatsText([0.005, 0.2, 0.3, 0.4, 0.5, 0.6]),
  angles: floatsText([5.7, 36.9, 45.6, 53.1, 60, 66.4]),
  percentiles: floatsText([0, 0.004, 0.52, 4.31, 50.4, 99]),
  resolution: 0.01,
  margin: 1.5,
  order: [2, 0, 1, 3],
  label_order: [0, 1, 2, 3],
  labels: ["x", null, "y", "x"],
  duplicates: [[0, 1]],
  notes: [],
  total: 4,
});

describe("a matrix", () => {
  test("has its pairs in the order of its upper triangle", () => {
    const places: number[] = [];
    for (let a = 0; a < 4; a++) for (let b = a + 1; b < 4; b++) places.push(pairIndex(4, a, b));
    assert.deepEqual(places, [0, 1, 2, 3, 4, 5]);
    assert.equal(pairIndex(4, 3, 1), pairIndex(4, 1, 3));
    assert.equal(pairIndex(500, 498, 499), (500 * 499) / 2 - 1);
  });

  test("says how far two are from each other", () => {
    assert.equal(
      pairText(MATRIX, 3, 0),
      "cosine distance 0.300, angle 45.6°, 0.52 % of random pairs are nearer"
    );
    assert.match(pairText(MATRIX, 0, 1), /, no random pair is nearer$/);
    assert.match(pairText(MATRIX, 0, 2), /, less than 0\.01 % of random pairs are nearer$/);
    assert.match(pairText(MATRIX, 1, 2), /, 4\.3 % of random pairs/);
    assert.equal(pairText(MATRIX, 2, 2), "The same sample.");
    const small = { ...MATRIX, percentiles: null, patches_field: "objects" };
    assert.equal(pairText(small, 2, 3), "cosine distance 0.600, angle 66.4°");
    assert.equal(pairText(small, 1, 1), "The same label.");
  });

  test("knows its near-duplicates", () => {
    assert.equal(areDuplicates(MATRIX, 1, 0), true);
    assert.equal(areDuplicates(MATRIX, 0, 0), false);
    assert.equal(areDuplicates(MATRIX, 0, 2), false);
    assert.deepEqual(spansOf([0, 1], MATRIX.order), [[1, 3]]);
    assert.deepEqual(spansOf([2, 1, 3], MATRIX.order), [[0, 1], [2, 4]]);
  });

  test("has borders around equal labels", () => {
    assert.deepEqual(runsOf(["x", "x", null, "y", "x"]), [[0, 2], [2, 3], [3, 4], [4, 5]]);
    assert.deepEqual(runsOf([]), []);
    assert.deepEqual([...labelCounts(MATRIX.labels)], [["x", 2], ["y", 1]]);
  });
});

describe("a cell", () => {
  test("is found by its place", () => {
    assert.deepEqual(cellAt(0, 0, 100, 4), { row: 0, column: 0 });
    assert.deepEqual(cellAt(74, 26, 100, 4), { row: 1, column: 2 });
    assert.equal(cellAt(100, 3, 100, 4), null);
    assert.equal(cellAt(-1, 3, 100, 4), null);
  });

  test("is left by keys, and never the matrix", () => {
    const cell = { row: 1, column: 2 };
    assert.deepEqual(movedBy("ArrowDown", cell, 4), { row: 2, column: 2 });
    assert.deepEqual(movedBy("ArrowLeft", cell, 4), { row: 1, column: 1 });
    assert.deepEqual(movedBy("PageDown", cell, 4), { row: 3, column: 2 });
    assert.deepEqual(movedBy("End", cell, 4), { row: 1, column: 3 });
    assert.deepEqual(movedBy("Home", cell, 4), { row: 1, column: 0 });
    assert.equal(movedBy("x", cell, 4), null);
  });
});

test("a stored choice without a matrix has its default", () => {
  assert.deepEqual(mapViewFrom('{"tab":"matrix"}').matrix, {
    brainKey: null,
    source: null,
    labelField: null,
    isByLabel: false,
  });
});
