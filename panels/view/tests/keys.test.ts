import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nextIndex } from "../src/keyboard/gridNavigation.ts";
import { type FocusedKind, panelAction } from "../src/keyboard/panelKeys.ts";

describe("the panel's keys", () => {
  const cases: [key: string, focused: FocusedKind, action: string | null][] = [
    ["/", "other", "focusQuery"],
    ["/", "button", "focusQuery"],
    ["/", "field", null],
    ["?", "other", "toggleHelp"],
    ["r", "button", "rerank"],
    ["r", "field", null],
    ["t", "panel", "focusTag"],
    ["T", "button", "focusTag"],
    ["Escape", "field", "close"],
    ["Escape", "other", "close"],
    ["Enter", "button", "press"],
    [" ", "button", "press"],
    ["Enter", "field", null],
    ["ArrowDown", "panel", "focusResults"],
    ["ArrowDown", "other", null],
    ["x", "other", null],
  ];
  for (const [key, focused, action] of cases) {
    test(`${JSON.stringify(key)} with the focus on a ${focused}`, () => {
      assert.equal(panelAction(key, focused), action);
    });
  }
});

describe("the keys of the results", () => {
  // Three columns; the first row ends early at the cutoff.
  const box = (column: number, row: number) => {
    return { left: 100 * column, top: 120 * row, height: 110 };
  };
  const boxes = [box(0, 0), box(1, 0), box(0, 1), box(1, 1), box(2, 1), box(0, 2)];
  const cases: [key: string, from: number, to: number | undefined][] = [
    ["ArrowRight", 0, 1],
    ["ArrowRight", 1, 2],
    ["ArrowRight", 5, undefined],
    ["ArrowLeft", 2, 1],
    ["ArrowLeft", 0, undefined],
    ["Home", 4, 0],
    ["End", 0, 5],
    ["ArrowDown", 1, 3],
    ["ArrowDown", 4, 5],
    ["ArrowDown", 5, undefined],
    ["ArrowUp", 4, 1],
    ["ArrowUp", 5, 2],
    ["ArrowUp", 1, undefined],
    ["+", 0, undefined],
  ];
  for (const [key, from, to] of cases) {
    test(`${key} from result ${from}`, () => assert.equal(nextIndex(boxes, from, key), to));
  }
});
