import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decide, decidedMembers, NO_DECISIONS, redundantOf } from "../src/curate/state/decisions.ts";
import { memberReason, memberStatus } from "../src/curate/state/memberTexts.ts";
import { groupKey, groupOf, moved } from "../src/curate/state/places.ts";
import { precisionOf, precisionText } from "../src/curate/state/precision.ts";
import { shareText } from "../src/curate/state/rates.ts";
import { movedRule } from "../src/curate/state/rules.ts";
import {
  INITIAL_VIEW,
  selectedGroups,
  toggledGroup,
  undone,
  viewFrom,
  withDecisions,
} from "../src/curate/state/curateState.ts";
import {
  barsOf,
  distanceText,
  pairsText,
  placeOf,
  rowInForce,
} from "../src/curate/state/thresholds.ts";
import type { DuplicatesGroup, GroupMember } from "../src/generated.ts";

function member(id: string, keeper: string, near: string[], distance = 0.01): GroupMember {
  const file = {
    id,
    sample_id: id,
    filepath: `/images/${id}.jpg`,
    bounding_box: null,
    frame_number: null,
  };
  const isKeeper = id === keeper;
  const verdict = isKeeper ? "keeper" : "copy";
  const reason = "2 labels beat 1";
  return { id, keeper, distance: isKeeper ? 0 : distance, verdict, rule: "labels", reason, near, file };
}

/** "a" is kept; "b" and "c" are near it, and "c" is near "b". */
const GROUP: DuplicatesGroup = {
  number: 0,
  members: [member("a", "a", ["b", "c"]), member("b", "a", ["a", "c"]), member("c", "a", ["b", "a"])],
};
/** A chain: "f" is near "e" only, and "e" near "d". */
const CHAIN: DuplicatesGroup = {
  number: 1,
  members: [member("d", "d", ["e"]), member("e", "d", ["d", "f"]), member("f", "f", ["e"])],
};

const keptIn = (group: DuplicatesGroup, keep: string[], remove: string[]) =>
  decidedMembers(group, { keep, remove })
    .filter(({ isKept }) => isKept)
    .map(({ member }) => member.id);

describe("decisions", () => {
  test("keepers are kept without any", () => {
    assert.deepEqual(keptIn(GROUP, [], []), ["a"]);
    assert.deepEqual(keptIn(CHAIN, [], []), ["d", "f"]);
    assert.equal(redundantOf(GROUP, NO_DECISIONS), 2);
  });

  test("a removed keeper is replaced by the nearest other one", () => {
    assert.deepEqual(keptIn(GROUP, [], ["a"]), ["b"]);
    const [, b, c] = decidedMembers(GROUP, { keep: [], remove: ["a"] });
    assert.deepEqual([b?.isKept, c?.keeper], [true, "b"]);
    // With a kept one near it, no other is needed.
    assert.deepEqual(keptIn(GROUP, ["c"], ["a"]), ["c"]);
    // "e" is near "f", which is kept.
    assert.deepEqual(keptIn(CHAIN, [], ["d"]), ["f"]);
  });

  test("equal files stand for each other", () => {
    const equal = ["x", "y", "z"].map((id) => member(id, "x", id === "x" ? ["y", "z"] : ["x"], 0));
    const group = { number: 2, members: equal };
    assert.deepEqual(keptIn(group, [], ["x"]), ["y"]);
    assert.deepEqual(keptIn(group, ["z"], ["x"]), ["z"]);
  });

  test("a group keeps at least one", () => {
    const first = decide(GROUP, NO_DECISIONS, "a", "remove");
    assert.deepEqual(first, { keep: [], remove: ["a"] });
    const two = first && decide(GROUP, first, "b", "remove");
    assert.deepEqual(keptIn(GROUP, [], two?.remove ?? []), ["c"]);
    assert.equal(two && decide(GROUP, two, "c", "remove"), null);
    // The newer decision about one replaces the older.
    assert.deepEqual(two && decide(GROUP, two, "a", "keep"), { keep: ["a"], remove: ["b"] });
  });

  test("are undone one after the other", () => {
    const first = { ...INITIAL_VIEW, ...withDecisions(INITIAL_VIEW, { keep: ["b"], remove: [] }) };
    const second = { ...first, ...withDecisions(first, { keep: ["b"], remove: ["a"] }) };
    assert.deepEqual({ ...second, ...undone(second) }.decisions, { keep: ["b"], remove: [] });
    assert.deepEqual({ ...first, ...undone(first) }.decisions, NO_DECISIONS);
    assert.deepEqual(undone(INITIAL_VIEW), {});
  });

  test("are told with the reason", () => {
    const [a, b] = decidedMembers(GROUP, NO_DECISIONS);
    assert.equal(a && memberStatus(a), "Kept");
    assert.equal(b && memberStatus(b), "Redundant · copy · 0.01");
    assert.equal(a && memberReason(a), "Kept by labels: 2 labels beat 1.");
    assert.equal(b && memberReason(b), "The other is kept by labels: 2 labels beat 1.");
    const [removed, instead] = decidedMembers(GROUP, { keep: [], remove: ["a"] });
    assert.equal(removed && memberStatus(removed), "Removed by you");
    assert.equal(instead && memberReason(instead), "It is kept, because you removed its keeper.");
  });
});

test("the arrow keys move within and between groups", () => {
  const groups = [GROUP, CHAIN];
  assert.equal(moved(groups, "a", "ArrowRight"), "b");
  assert.equal(moved(groups, "c", "ArrowRight"), "d");
  assert.equal(moved(groups, "d", "ArrowLeft"), "c");
  assert.equal(moved(groups, "b", "ArrowDown"), "e");
  assert.equal(moved(groups, "e", "ArrowUp"), "b");
  assert.equal(moved(groups, "f", "ArrowRight"), "f");
  assert.equal(moved(groups, "a", "ArrowLeft"), "a");
  assert.equal(moved(groups, "e", "Home"), "a");
  assert.equal(moved(groups, "a", "End"), "f");
  assert.equal(moved(groups, "gone", "ArrowDown"), "a");
  assert.equal(groupOf(groups, "e"), CHAIN);
  assert.deepEqual(["k", "x", "u", "q"].map(groupKey), ["keep", "remove", "undo", null]);
});

describe("the threshold", () => {
  const expected = { value: 0.26, low: 0, high: 3.2 };
  const table = [0, 0.1, 0.2, 0.3].map((thresh, i) => ({ thresh, pairs: i * i, expected }));
  const distances = { table, proposal: { thresh: 0.15, pairs: 2, expected }, compared: 9 };

  test("is the proposal until another one is chosen", () => {
    assert.equal(rowInForce(distances, null)?.thresh, 0.15);
    assert.equal(rowInForce(distances, 0.2)?.pairs, 4);
    assert.equal(rowInForce({ ...distances, proposal: null }, null), null);
    assert.equal(placeOf(table, 0.15), 1);
    assert.equal(placeOf(table, 0.3), 3);
  });

  test("colors the bars of the pairs within it", () => {
    const bars = barsOf(table, 0.2);
    assert.deepEqual(bars.map(({ isWithin }) => isWithin), [true, true, false]);
    assert.deepEqual(bars.map(({ height }) => height.toFixed(3)), ["0.447", "0.775", "1.000"]);
  });

  test("is told with the accidental pairs", () => {
    assert.equal(pairsText(37, expected), "37 pairs, about 0.3 accidental (0 to 3.2)");
    const many = { value: 1234.4, low: 0.01, high: 2000 };
    assert.equal(pairsText(1, many), "1 pair, about 1,234 accidental (0 to 2,000)");
    assert.equal(pairsText(2, null), "2 pairs; too few to tell how many are accidental");
    assert.deepEqual([0.012345, 0, null].map(distanceText), ["0.0123", "0", "–"]);
  });
});

test("the precision has Wilson's interval", () => {
  const answers = [...Array(18).fill(true), false, false, null];
  const precision = precisionOf(answers);
  assert.deepEqual([precision?.yes, precision?.total], [18, 20]);
  assert.equal(precision?.low.toFixed(3), "0.699");
  assert.equal(precision?.high.toFixed(3), "0.972");
  assert.equal(
    precision && precisionText(precision),
    "18 of 20 are the same picture: precision 90 % (70 to 97 %)"
  );
  assert.equal(precisionOf([null]), null);
});

test("stored choices survive, and others have their defaults", () => {
  assert.deepEqual(viewFrom(null), INITIAL_VIEW);
  assert.deepEqual(viewFrom("no JSON"), INITIAL_VIEW);
  const stored = { tab: "leaks", forms: { leaks: { splitField: "split" } } };
  const view = viewFrom(JSON.stringify(stored));
  assert.equal(view.tab, "leaks");
  assert.deepEqual(view.forms.leaks, { ...INITIAL_VIEW.forms.leaks, splitField: "split" });
  assert.deepEqual(view.forms.duplicates, INITIAL_VIEW.forms.duplicates);
});

test("groups are selected for one run", () => {
  const first = { ...INITIAL_VIEW, ...toggledGroup(INITIAL_VIEW, "r1", 3) };
  assert.deepEqual(selectedGroups(first, "r1"), [3]);
  assert.deepEqual(selectedGroups(first, "r2"), []);
  assert.deepEqual(toggledGroup(first, "r1", 3), { selected: { run: "r1", groups: [] } });
});

test("rules are moved, and rates are told", () => {
  assert.deepEqual(movedRule(["a", "b", "c"], 2, -1), ["a", "c", "b"]);
  assert.deepEqual(movedRule(["a", "b"], 0, -1), ["a", "b"]);
  assert.deepEqual([0.034, 0.5, 0].map(shareText), ["3.4 %", "50 %", "0 %"]);
});
