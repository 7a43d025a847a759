import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CLUSTER_FORM,
  clusterParams,
  indexOf,
  linesOf,
  namingIndexes,
} from "../src/curate/state/clusterForm.ts";
import {
  clustersDetails,
  clustersText,
  headingText,
  nameText,
  reasonText,
  segmentsOf,
} from "../src/curate/state/clusterTexts.ts";
import {
  answerKey,
  nextQuestion,
  savedTags,
  scoreBars,
  statusText,
  tagPrecisionText,
  TEXT_TAGS_FORM,
  textTagsParams,
  textTagsText,
  thresholdPlace,
  thresholdText,
  toggledTag,
} from "../src/curate/state/textTags.ts";
import type {
  ClusterHeading,
  ClusterRow,
  ClustersRun,
  PanelIndex,
  TextTagRow,
  TextTagsRun,
} from "../src/generated.ts";

function index(brain_key: string, supports_text: boolean, patches_field: string | null = null) {
  const shared = { backend: "faiss", model: null, metric: "cosine", size: 9, failures: 0 };
  return { brain_key, supports_text, patches_field, problem: null, ...shared } as PanelIndex;
}

const COLORS = index("colors", false);
const CLIP = index("clip", true);
const PATCHES = index("patches", true, "objects");
const INDEXES = [COLORS, CLIP, PATCHES];

const RUN: ClustersRun = {
  id: "run",
  params: clusterParams(CLUSTER_FORM, INDEXES, {}),
  patches_field: null,
  count: 8,
  named: 6,
  groups: 0,
  compared: 1600,
  unclustered: 0,
  agreement: 0.934,
  runs: 5,
  proposed: null,
  candidates: [],
  notes: [],
};

const ROW: ClusterRow = {
  number: 3,
  size: 20,
  name: null,
  label: "cluster 3",
  name_confidence: 0,
  is_edited: false,
  evidence: { text: "snow", similarity: 0.2, best_other: 0.1, margin: 1, fit: 2, confidence: 0.12 },
  reason: "No text fits; the best one is not sure: 'snow' is near.",
  stability: 0.9,
  medoids: [],
  borders: [],
  heading: null,
};

describe("the form of clusters", () => {
  test("an index that cannot name its clusters is named by another one of the same samples", () => {
    assert.equal(indexOf(INDEXES, "clip"), CLIP);
    assert.equal(indexOf(INDEXES, "gone"), COLORS);
    assert.equal(indexOf([], "gone"), null);
    assert.deepEqual(namingIndexes(INDEXES, COLORS), [CLIP]);
    assert.deepEqual(namingIndexes(INDEXES, PATCHES), [PATCHES]);
    assert.deepEqual(namingIndexes([index("b", true), CLIP], CLIP)[0], CLIP);
    assert.equal(clusterParams(CLUSTER_FORM, INDEXES, {}).names_key, "clip");
    const clip = clusterParams({ ...CLUSTER_FORM, brainKey: "clip" }, INDEXES, {});
    assert.equal(clip.names_key, null);
  });
  test("the number belongs to k-means, the size to density, and texts to the own vocabulary", () => {
    const form = { ...CLUSTER_FORM, number: "12", minSize: "5", texts: " a \n\n b" };
    const kmeans = clusterParams(form, INDEXES, { shown: ["x"] });
    assert.deepEqual([kmeans.n_clusters, kmeans.min_size, kmeans.texts], [12, null, []]);
    assert.deepEqual(kmeans.shown, ["x"]);
    const dense = { ...form, method: "density", vocabulary: "own" } as const;
    const params = clusterParams(dense, INDEXES, {});
    assert.deepEqual([params.n_clusters, params.min_size, params.texts], [null, 5, ["a", "b"]]);
    assert.equal(clusterParams({ ...form, number: " " }, INDEXES, {}).n_clusters, null);
    assert.deepEqual(linesOf(" \n"), []);
  });
});

describe("texts about clusters", () => {
  test("the summary says how many there are, and how sure that is", () => {
    assert.equal(clustersText(RUN), "8 clusters of 1,600 samples, 6 of them with a name.");
    const ofLabels = { ...RUN, patches_field: "objects", params: { ...RUN.params, vocabulary: "none" } };
    assert.equal(clustersText(ofLabels as ClustersRun), "8 clusters of 1,600 labels.");
    const agreement =
      "5 runs with different seeds agree by 0.93 (1 is the same clusters, 0 is chance)";
    assert.deepEqual(clustersDetails({ ...RUN, notes: ["A note."] }), [agreement, "A note"]);
    assert.deepEqual(clustersDetails({ ...RUN, agreement: null, proposed: 8, groups: 2 }), [
      "8 is the proposal of 0 numbers",
      "similar clusters are in 2 groups",
    ]);
  });
  test("no number is an answer, too", () => {
    const none = { ...RUN, count: 0, named: 0, notes: ["No number stands out."] };
    assert.match(clustersText(none), /^No number of clusters stands out: .* Enter a number/);
    assert.deepEqual(clustersDetails(none), []);
    const dense = { ...none, params: { ...RUN.params, method: "density" } } as ClustersRun;
    assert.match(clustersText(dense), /^No region is denser than its surroundings\. Try a smaller/);
  });
  test("a name says why, and none says which text was refused", () => {
    assert.equal(nameText(ROW), "No name (cluster 3)");
    assert.equal(
      reasonText(ROW),
      "No text fits; the best one is not sure: 'snow' is near (12 % sure)."
    );
    const edited = { ...ROW, is_edited: true, name: "mine", reason: "A person named it." };
    assert.deepEqual([nameText(edited), reasonText(edited)], ["mine", "A person named it."]);
  });
  test("groups are headings", () => {
    const heading: ClusterHeading = {
      number: 1, label: "group 1", name: null, evidence: null, clusters: [3, 4], size: 1,
    };
    assert.equal(headingText(heading, "sample"), "Group 1: 2 clusters, 1 sample");
    assert.equal(headingText({ ...heading, name: "out" }, "label"), "Group “out”: 2 clusters, 1 label");
    const rows = [{ ...ROW, heading }, ROW, { ...ROW, heading: { ...heading, number: 2 } }];
    assert.deepEqual(segmentsOf(rows).map(({ rows }) => rows.length), [2, 1]);
    assert.deepEqual(segmentsOf([ROW, ROW]), [{ heading: null, rows: [ROW, ROW] }]);
    assert.deepEqual(segmentsOf([]), []);
  });
});

const PROMPT: TextTagRow = {
  tag: "dog",
  text: "a dog",
  status: "tagged",
  reason: "Its scores have a gap.",
  presence: 1,
  threshold: 0.3,
  count: 12,
  low: 0,
  high: 0.4,
  histogram: [16, 4, 0, 1],
  answers: 0,
  precision: null,
  best: [],
};
const ABSENT: TextTagRow = { ...PROMPT, tag: "cow", status: "absent", count: 0, reason: "Why." };

describe("tags by text", () => {
  test("the form is sent with the index", () => {
    const form = { ...TEXT_TAGS_FORM, prompts: "a dog\na cat" };
    assert.deepEqual(textTagsParams(form, CLIP, {}), {
      brain_key: "clip", scope: "dataset", prompts: "a dog\na cat", propagate: false,
    });
    assert.equal(textTagsParams(form, null, {}).brain_key, "");
  });
  test("the summary counts what was found, is absent and was refused", () => {
    const run = { count: 3, tagged: 1, absent: 2, refused: 0, compared: 1, patches_field: null };
    assert.equal(
      textTagsText(run as TextTagsRun),
      "3 texts compared with 1 sample: 1 found, 2 absent."
    );
    assert.equal(statusText(PROMPT, "sample"), "12 samples. Its scores have a gap.");
    assert.equal(statusText(ABSENT, "sample"), "Absent. Why.");
    assert.equal(statusText({ ...ABSENT, status: "refused" }, "sample"), "Refused. Why.");
    assert.equal(
      tagPrecisionText({ value: 0.9, low: 0.5958, high: 0.9821, answers: 10 }, "sample"),
      "Precision 90 % (60 to 98 %) by 10 answers about tagged samples"
    );
  });
  test("the histogram is colored from the threshold on", () => {
    assert.deepEqual(scoreBars(PROMPT), [
      { height: 1, isTagged: false },
      { height: 0.5, isTagged: false },
      { height: 0, isTagged: false },
      { height: 0.25, isTagged: true },
    ]);
    assert.ok(scoreBars(ABSENT).every(({ isTagged }) => !isTagged));
    assert.ok(Math.abs(thresholdPlace(PROMPT) - 0.75) < 1e-9);
    assert.equal(thresholdPlace({ ...PROMPT, threshold: 2 }), 1);
    assert.equal(thresholdPlace({ ...PROMPT, low: 1, high: 1 }), 0);
    assert.equal(thresholdText(PROMPT), "Threshold 0.300; scores 0.000 to 0.400");
    assert.match(thresholdText(ABSENT), /^Threshold if it tagged 0.300/);
  });
  test("tags that are excluded, or tag nothing, are not saved", () => {
    const rows = [PROMPT, { ...PROMPT, tag: "cat" }, ABSENT];
    assert.deepEqual(savedTags(rows, TEXT_TAGS_FORM, "run"), ["dog", "cat"]);
    const form = { ...TEXT_TAGS_FORM, excluded: toggledTag(TEXT_TAGS_FORM, "run", "dog") };
    assert.deepEqual(savedTags(rows, form, "run"), ["cat"]);
    assert.deepEqual(savedTags(rows, form, "another run"), ["dog", "cat"]);
    assert.deepEqual(toggledTag(form, "run", "dog"), { run: "run", tags: [] });
  });
  test("an answer goes on to the next open question", () => {
    const file = (id: string) => ({
      file: { id, sample_id: id, filepath: null, bounding_box: null, frame_number: null },
      score: 0,
      is_tagged: true,
    });
    const questions = ["a", "b", "c"].map(file);
    assert.equal(nextQuestion(questions, { a: true }, 0), 1);
    assert.equal(nextQuestion(questions, { a: true, b: false }, 0), 2);
    assert.equal(nextQuestion(questions, { b: true, c: true }, 2), 0);
    assert.equal(nextQuestion(questions, { a: true, b: true, c: true }, 1), 2);
    assert.equal(nextQuestion(questions, { a: true, b: true, c: true }, 2), 2);
    assert.deepEqual(["y", "n", "ArrowLeft", "Enter", "q"].map(answerKey), [
      "yes", "no", "back", "learn", null,
    ]);
  });
});
