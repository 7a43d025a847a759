import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  aboveMean,
  heatColor,
  moved,
  partnerColor,
  partnersOf,
  pixelsOf,
  placeOf,
  regionAt,
  sizesOf,
  sumOf,
} from "../src/explanation/heat.ts";
import { faithfulnessText, notesOf } from "../src/explanation/texts.ts";
import type { ExplanationPairs, MatchExplanation } from "../src/generated.ts";

// One row and two columns in the query; two rows and one column in the match.
const PAIRS: ExplanationPairs = {
  method: "patches",
  values: [
    [
      [[0.1], [0.4]],
      [[0.2], [-0.1]],
    ],
  ],
  query_box: [0.25, 0, 0.5, 1],
  match_box: [0, 0, 1, 1],
};

describe("colors", () => {
  test("nothing is transparent, the most is yellow", () => {
    assert.equal(heatColor(0)[3], 0);
    assert.deepEqual(heatColor(1), [255, 230, 60, 184]);
    assert.deepEqual(heatColor(0.5).slice(0, 3), [230, 80, 60]);
    assert.deepEqual(partnerColor(1), [0, 225, 255, 184]);
  });
  test("pixels are listed row by row", () => {
    const pixels = pixelsOf([[0, 1]], (value) => [value, 2, 3, 4]);
    assert.deepEqual([...pixels], [0, 2, 3, 4, 1, 2, 3, 4]);
  });
});

describe("regions", () => {
  test("are found in what the model sees, and nowhere else", () => {
    const size = { rows: 1, columns: 2 };
    assert.deepEqual(regionAt(0.3, 0.5, PAIRS.query_box, size), { row: 0, column: 0 });
    assert.deepEqual(regionAt(0.6, 0.5, PAIRS.query_box, size), { row: 0, column: 1 });
    assert.equal(regionAt(0.2, 0.5, PAIRS.query_box, size), null);
    assert.deepEqual(placeOf({ row: 0, column: 1 }, PAIRS.query_box, size), {
      left: "50%",
      top: "0%",
      width: "25%",
      height: "100%",
    });
  });
  test("have partners in the other picture, both ways", () => {
    const sizes = sizesOf(PAIRS);
    assert.deepEqual(sizes, { query: { rows: 1, columns: 2 }, match: { rows: 2, columns: 1 } });
    assert.deepEqual(partnersOf(PAIRS, "query", { row: 0, column: 1 }), [[0.2], [-0.1]]);
    assert.deepEqual(partnersOf(PAIRS, "match", { row: 1, column: 0 }), [[0.4, -0.1]]);
    assert.equal(sumOf([[0.5, -0.25]]), 0.25);
  });
  test("above the mean are shown", () => {
    assert.deepEqual(aboveMean([[0, 1], [0, 3]]), [[0, 0], [0, 1]]);
    assert.deepEqual(aboveMean([[2, 2]]), [[0, 0]]);
  });
  test("are reached with the arrow keys, up to the border", () => {
    const size = { rows: 2, columns: 2 };
    assert.deepEqual(moved({ row: 0, column: 0 }, "ArrowRight", size), { row: 0, column: 1 });
    assert.deepEqual(moved({ row: 0, column: 1 }, "ArrowUp", size), { row: 0, column: 1 });
    assert.equal(moved({ row: 0, column: 0 }, "a", size), null);
  });
});

describe("texts", () => {
  const base: MatchExplanation = {
    id: "1",
    query: '"a dog"',
    brain_key: "clip",
    method: "patches",
    score: 0.5,
    map: { values: [[1]], box: [0, 0, 1, 1] },
    query_map: null,
    faithfulness: {
      has_badge: true,
      problem: null,
      beaten: 1,
      deletion: 0.1,
      insertion: 0.4,
      random: 0.3,
      interval: [0.28, 0.32],
    },
    pairs: null,
    remainder: 0,
    is_exact: true,
    lines: [],
    is_mirrored: false,
    fits: {},
    notes: ["Last."],
    image: "",
    query_image: null,
  };
  test("say how faithful a map is, or why there is no badge", () => {
    assert.match(faithfulnessText(base), /lowers the mean score to 0\.10; .* 0\.30 \(.*100 %/);
    const faithfulness = { ...base.faithfulness, has_badge: false, problem: "it is random" };
    assert.equal(faithfulnessText({ ...base, faithfulness }), "Not verified: it is random.");
  });
  test("say whether the sum is exact", () => {
    const [, exact, last] = notesOf(base);
    assert.equal(exact, "The patches sum to the score of 0.5000.");
    assert.equal(last, "Last.");
    const rest = notesOf({ ...base, pairs: PAIRS, is_exact: false, remainder: 0.2 });
    assert.ok(rest.includes(
      "The pairs of patches sum to 0.3000; the rest of the score, 0.2000, belongs to no patch."
    ));
  });
  test("name the methods that were measured, the best first", () => {
    const fits = { patches: 0.2, occlusion: 0.3 };
    const notes = notesOf({ ...base, method: "occlusion", fits });
    assert.equal(
      notes[1],
      "It measures best for this model: Removing parts 0.30, Sum of patches 0.20."
    );
  });
  test("tell what the model does not see, and near-duplicates", () => {
    const map = { values: [[1]], box: [0.2, 0, 0.6, 1] as [number, number, number, number] };
    const lines: MatchExplanation["lines"] = [[0, 0, 1, 1]];
    const notes = notesOf({ ...base, map, lines, is_mirrored: true });
    assert.ok(notes.includes("The model does not look outside the dashed frame."));
    assert.ok(
      notes.includes("Near-duplicates, of which one is mirrored: 1 local features (SIFT) agree.")
    );
  });
});
