import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  chosenIndexes,
  countOnly,
  intervalText,
  kindProblem,
  hubnessText,
  pText,
  signedText,
  verdictOf,
} from "../src/curate/state/comparisons.ts";
import type { ComparedPair, ModelsRun, PanelIndex } from "../src/generated.ts";

function index(brain_key: string, patches_field: string | null = null): PanelIndex {
  return {
    brain_key,
    backend: "faiss",
    model: null,
    supports_text: false,
    metric: "cosine",
    patches_field,
    size: 10,
    failures: 0,
    problem: null,
  };
}

describe("the indexes", () => {
  const all = [index("a"), index("things", "objects"), index("b")];

  test("are those of the larger kind until others are chosen", () => {
    assert.deepEqual(chosenIndexes(all, null), ["a", "b"]);
    assert.deepEqual(chosenIndexes(all, ["b", "gone"]), ["b"]);
    assert.deepEqual(chosenIndexes(all, []), []);
  });

  test("are told when they cannot be compared", () => {
    assert.equal(kindProblem(all, ["a", "b"]), null);
    assert.equal(kindProblem(all, ["a"]), "Choose two or more indexes.");
    assert.equal(
      kindProblem(all, ["a", "things"]),
      "Choose indexes of the same samples or patches."
    );
    assert.equal(
      kindProblem([index("a")], ["a"]),
      "This dataset has one index; build another one with another model."
    );
  });
});

test("numbers have three decimals and a sign", () => {
  assert.equal(intervalText({ value: 0.8, low: 0.7912, high: 0.83 }), "0.791 to 0.830");
  assert.deepEqual([0.12, -0.0345, 0].map(signedText), ["+0.120", "−0.035", "+0.000"]);
  assert.deepEqual([0.44, -0.12, -0.04, 0].map(hubnessText), ["0.4", "−0.1", "0.0", "0.0"]);
  assert.deepEqual([0.0004, 0.012, 1].map(pText), ["<0.001", "0.012", "1.000"]);
});

test("the verdict names the best, or says that there is no difference", () => {
  const run = { winner: "a", leaders: ["a"], queries: 1200 } as ModelsRun;
  assert.equal(verdictOf(run), "“a” is the best by mAP@R on 1,200 queries.");
  assert.equal(
    verdictOf({ ...run, winner: null, leaders: ["a", "b", "c"] }),
    "This data can show no difference by mAP@R on 1,200 queries between “a”, “b” and “c”."
  );
});

test("the queries that one index alone retrieves are counted in both directions", () => {
  const pair = { first: "a", second: "b", first_only: 3, second_only: 7 } as ComparedPair;
  assert.equal(countOnly([pair], "a", "b"), 3);
  assert.equal(countOnly([pair], "b", "a"), 7);
  assert.equal(countOnly([pair], "a", "a"), 0);
});
