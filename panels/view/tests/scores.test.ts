import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runIds } from "../src/curate/state/curateState.ts";
import { indexInForce } from "../src/curate/state/indexes.ts";
import {
  intervalText,
  listLabels,
  scoreBars,
  scoresDetails,
  scoresSummary,
  scoreText,
} from "../src/curate/state/scores.ts";
import {
  coveredText,
  DEFAULT_CHOICE,
  figureTexts,
  selectionSummary,
  selectParams,
  uncoveredText,
} from "../src/curate/state/selection.ts";
import type {
  CurateState,
  PanelIndex,
  ReceiptFigure,
  ScoresRun,
  SelectionRun,
} from "../src/generated.ts";

const SCORES: ScoresRun = {
  id: "s",
  params: { kind: "outliers", brain_key: "clip", scope: "dataset", field: "", label_field: null },
  kind: "outliers",
  field: "outlier_score",
  patches_field: null,
  count: 1020,
  low: 0,
  high: 0.99995,
  histogram: [],
  unusual: 22,
  expected: { value: 1.42, low: 0.13, high: 4.2 },
  near_duplicates: 0,
  thresh: 0.0312,
  recall: 1,
  classes: 0,
  notes: [],
  is_saved: true,
};

describe("scores", () => {
  test("are told with what stands out and the false alarms", () => {
    assert.equal(
      scoresSummary(SCORES),
      "1,020 scores of 0 to >0.9999 in the field “outlier_score”. 22 stand out, of which about " +
        "1.4 (0.1 to 4.2) are expected by chance."
    );
    assert.match(scoresSummary({ ...SCORES, unusual: 1 }), /\. 1 stands out, of/);
    assert.match(scoresSummary({ ...SCORES, unusual: 0, expected: null }), /\. Nothing stands out\.$/);
    assert.equal(intervalText({ value: 0.01, low: 0, high: 12.3 }), "0 (0 to 12)");
  });

  test("have further sentences where they apply", () => {
    assert.deepEqual(scoresDetails(SCORES), []);
    const run = { ...SCORES, near_duplicates: 12, classes: 1, recall: 0.991, is_saved: false };
    assert.deepEqual(scoresDetails({ ...run, notes: ["8 without a label have no score."] }), [
      "The field “outlier_score” does not hold these scores any more.",
      "Compared within 1 class.",
      "12 near duplicates within a distance of 0.0312 have the score of another sample, and " +
        "counted once with it.",
      "99 % of the nearest neighbors were found.",
      "8 without a label have no score.",
    ]);
  });

  test("have digits where they differ", () => {
    const texts = [0, 1, 0.5, 0.12345, 0.99871, 0.99999].map(scoreText);
    assert.deepEqual(texts, ["0", "1", "0.5", "0.123", "0.9987", ">0.9999"]);
  });

  test("are listed by what stands out, if something does", () => {
    assert.deepEqual(listLabels(SCORES).map(([name]) => name), ["unusual", "highest", "lowest"]);
    const few = { ...SCORES, unusual: 0, count: 30 };
    assert.deepEqual(listLabels(few), [
      ["highest", "the 30 highest scores"],
      ["lowest", "the 30 lowest scores"],
    ]);
  });

  test("have bars with square roots as heights", () => {
    const bars = scoreBars([
      { count: 16, unusual: 0 },
      { count: 4, unusual: 1 },
      { count: 0, unusual: 0 },
    ]);
    assert.deepEqual(bars, [
      { height: 1, unusual: 0 },
      { height: 0.5, unusual: 0.125 },
      { height: 0, unusual: 0 },
    ]);
  });
});

const INDEX: PanelIndex = {
  brain_key: "clip",
  backend: "faiss",
  model: "m",
  supports_text: true,
  metric: "cosine",
  patches_field: null,
  size: 10,
  failures: 0,
  problem: null,
};
const RANDOM = { value: 0.5, low: 0.4, high: 0.6 };
const RADIUS: ReceiptFigure = {
  name: "coverage_radius",
  value: 0.31234,
  random: RANDOM,
  verdict: "better",
};
const MEAN: ReceiptFigure = { ...RADIUS, name: "mean_distance", verdict: "chance" };
const SELECTION: SelectionRun = {
  id: "x",
  params: selectParams(DEFAULT_CHOICE, INDEX, {}),
  patches_field: null,
  count: 20,
  figures: [RADIUS, MEAN],
  uncovered: { file: null, distance: 0.31234, count: 15 },
  covered: 148,
  outliers: 3,
  near_duplicates: 9,
  values: [],
  more_values: 0,
  notes: [],
};

describe("a selection", () => {
  test("is asked for with the weights of the service where a field is empty", () => {
    const params = selectParams(
      { ...DEFAULT_CHOICE, near: " a dog ", diversity: null, clusters: 2, labeledTag: " " },
      INDEX,
      { shown: ["x"] }
    );
    assert.deepEqual(
      [params.near, params.diversity, params.clusters, params.labeled_tag, params.shown],
      ["a dog", 1, 2, null, ["x"]]
    );
    const vectors = { ...INDEX, supports_text: false };
    assert.equal(selectParams({ ...DEFAULT_CHOICE, near: "a dog" }, vectors, {}).near, null);
    assert.equal(selectParams(DEFAULT_CHOICE, null, {}).brain_key, "");
  });

  test("is told with how it compares with random choices", () => {
    const both = [RADIUS, { ...MEAN, verdict: "better" as const }];
    assert.match(selectionSummary({ ...SELECTION, figures: both }), /better than each of 20/);
    assert.match(selectionSummary(SELECTION), /^20 samples selected\. .* in one of two figures\.$/);
    const none = [{ ...RADIUS, verdict: "worse" as const }, MEAN];
    assert.match(selectionSummary({ ...SELECTION, figures: none }), /no better than random choices/);
  });

  test("has a receipt with texts", () => {
    const { value, random, range, verdict } = figureTexts(RADIUS);
    assert.deepEqual([value, random, range, verdict], ["0.312", "0.5", "0.4 to 0.6", "better than all"]);
    const values = figureTexts({ ...RADIUS, name: "values", value: 4, random: { value: 3.25, low: 2, high: 4 } });
    assert.deepEqual([values.value, values.random, values.range], ["4", "3.3", "2 to 4"]);
    assert.equal(
      coveredText(SELECTION),
      "The figures are about 148 samples; 3 outliers left out; one of near duplicates selected (9 others)."
    );
    assert.match(uncoveredText(SELECTION), /^The nearest selected or labeled one is 0\.312 away\. 14 others are/);
    const alone = { ...SELECTION, uncovered: { file: null, distance: 0.3, count: 1 } };
    assert.match(uncoveredText(alone), /No other is nearer/);
  });
});

test("the index in force is the chosen one, or the first", () => {
  const other = { ...INDEX, brain_key: "dino" };
  assert.equal(indexInForce([INDEX, other], "dino"), other);
  assert.equal(indexInForce([INDEX, other], "gone"), INDEX);
  assert.equal(indexInForce([], null), null);
});

test("the last results are remembered by their tabs", () => {
  const state = {
    duplicates: null,
    leaks: null,
    scores: SCORES,
    selection: SELECTION,
    undo: [],
    split_fields: ["split"],
    rules: [],
  } as unknown as CurateState;
  assert.deepEqual(runIds(state), { scores: "s", selection: "x" });
});
