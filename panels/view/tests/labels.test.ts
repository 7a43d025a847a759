import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  auditDetails,
  auditSummary,
  decisionText,
  type DecisionStep,
  issueKey,
  labelsText,
  planText,
  votesText,
  withStep,
} from "../src/curate/state/issues.ts";
import { rangeText } from "../src/curate/state/rates.ts";
import type { IssueRow, LabelPlan, LabelsRun } from "../src/generated.ts";

const ROW: IssueRow = {
  id: "a",
  label: "cat",
  now: "cat",
  suggested: "dog",
  probability: 0.974,
  votes: ["dog", "cat", "fox", "owl"].map((label, i) => ({ label, count: 9 - i })),
  action: null,
  new_label: null,
  file: { id: "a", sample_id: "a", filepath: "/a.png", bounding_box: null, frame_number: null },
};

const RUN: LabelsRun = {
  id: "1",
  params: {
    brain_key: "clip",
    label_field: "animal",
    scope: "dataset",
    thresh: null,
    k: null,
    min_probability: 0.5,
  },
  patches_field: null,
  label_field: "animal",
  audited: 1500,
  unlabeled: 0,
  grouped: 0,
  recall: 1,
  k: 15,
  issues: 31,
  doubt: null,
  agreement: { share: 0.81, low: 0.79, high: 0.83, chance: 0.25, is_clear: true },
  expected_wrong: { value: 27.4, low: 22, high: 31 },
  noise_rate: { rate: 0.052, low: 0.034, high: 0.08, pairs: [], more_pairs: 0 },
  decisions_field: "animal_audit",
  notes: [],
};

describe("an audit", () => {
  test("tells how many labels are wrong, and how sure that is", () => {
    assert.equal(
      auditSummary(RUN),
      "31 of 1,500 labels of “animal” are probably wrong: 27 of these are expected to be (22 to 31). " +
        "The noise rate is 5.2 % (3.4 to 8 %)."
    );
    assert.equal(
      auditSummary({ ...RUN, issues: 0 }),
      "None of 1,500 labels of “animal” stands out as wrong; at most 8 % are."
    );
    const doubt = "The neighbors in 'hog' do not tell the labels of 'color' apart.";
    assert.equal(
      auditSummary({ ...RUN, issues: 0, noise_rate: null, doubt }),
      `The audit is not conclusive. ${doubt}`
    );
  });

  test("tells what else to know", () => {
    const votes =
      "81 % (79 to 83 %) of the votes of 15 neighbors are for the own label; 25 % would be by chance";
    assert.deepEqual(auditDetails(RUN), [votes]);
    assert.deepEqual(
      auditDetails({ ...RUN, unlabeled: 2, grouped: 4, recall: 0.985, notes: ["A note."] }),
      [
        votes,
        "2 have no label",
        "4 have near duplicates, which do not vote for each other",
        "98.5 % of the neighbors were found",
        "A note",
      ]
    );
  });
});

test("an issue is told with its votes and decision", () => {
  assert.equal(labelsText(ROW), "cat → dog");
  assert.equal(labelsText({ ...ROW, suggested: null }), "cat → ?");
  assert.equal(votesText(ROW), "97 % sure · dog 9, cat 8, fox 7, …");
  const decided = (row: Partial<IssueRow>) => decisionText({ ...ROW, ...row });
  assert.equal(decided({}), "Not decided");
  assert.equal(decided({ action: "relabel" }), "You: dog");
  assert.equal(decided({ action: "relabel", new_label: "owl" }), "You: owl");
  assert.equal(decided({ action: "keep" }), "You: keep");
  assert.equal(decided({ action: "not sure" }), "You: not sure");
  assert.equal(decided({ now: "dog" }), "Now: dog");
  assert.equal(decided({ now: null }), "It has no label now");
});

describe("the decisions", () => {
  const nothing: LabelPlan = {
    relabel: 0,
    changes: [],
    more_changes: 0,
    skipped: 0,
    keep: 0,
    not_sure: 0,
  };

  test("say what applying them changes", () => {
    assert.equal(
      planText(nothing, "animal"),
      "No label changes before you decide to relabel it and apply the decisions."
    );
    const changes = [
      { old: "cat", new: "dog", count: 2 },
      { old: "fox", new: "owl", count: 1 },
    ];
    assert.equal(
      planText({ relabel: 4, changes, more_changes: 1, skipped: 1, keep: 3, not_sure: 2 }, "animal"),
      "Applying changes 4 labels of “animal”: cat to dog (2), fox to owl (1), 1 other pair of classes. " +
        "Your other decisions change nothing: 3 to keep, 2 not sure. " +
        "1 label changed since you decided, and will stay."
    );
  });

  test("have keys", () => {
    const keys = ["r", "k", "n", "u", "l", "Enter", "ArrowDown", "q"];
    assert.deepEqual(keys.map(issueKey), [
      "relabel", "keep", "not sure", "undo", "other", "open", "move", null,
    ]);
  });

  test("are undone up to a hundred back", () => {
    let steps: DecisionStep[] = [];
    for (let i = 0; i < 103; i++) {
      steps = withStep(steps, { run: "1", id: String(i), action: null, new_label: null });
    }
    assert.deepEqual([steps.length, steps[0]?.id, steps.at(-1)?.id], [100, "3", "102"]);
  });
});

test("a range has one percent sign", () => {
  assert.equal(rangeText({ low: 0.0342, high: 0.123 }), "3.4 to 12 %");
});
