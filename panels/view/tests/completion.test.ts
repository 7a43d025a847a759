import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { insertOption, mentionBefore, NEW_UPLOAD, optionsFor } from "../src/query/completion.ts";
import { NO_SELECTION } from "../src/state/selection.ts";

const UPLOADS = { upload: { name: "pool.jpg" }, upload2: { name: "sea.jpg" } };

function tokens(typed: string, uploads: Record<string, { name: string }> = {}): string[] {
  return optionsFor({ start: 0, typed }, NO_SELECTION, uploads).map(({ token }) => token);
}

describe("the mention before the caret", () => {
  const cases: [line: string, caret: number, mention: object | null][] = [
    ["@", 1, { start: 0, typed: "@" }],
    ["a car + @se", 11, { start: 8, typed: "@se" }],
    ["a car - 2:@up", 13, { start: 10, typed: "@up" }],
    ["@se + a boat", 3, { start: 0, typed: "@se" }],
    ["@se + a boat", 12, null],
    ["name@host", 9, null],
    ["a car", 5, null],
    ["@selected", 0, null],
  ];
  for (const [line, caret, mention] of cases) {
    test(`of ${JSON.stringify(line)} at ${caret}`, () => {
      assert.deepEqual(mentionBefore(line, caret), mention);
    });
  }
});

describe("the options for a mention", () => {
  test("a single @ lists everything", () => {
    assert.deepEqual(tokens("@", UPLOADS), ["@selected", "@upload", "@upload2", NEW_UPLOAD]);
  });
  test("letters narrow the list, in any case", () => {
    assert.deepEqual(tokens("@SE", UPLOADS), ["@selected"]);
    assert.deepEqual(tokens("@up"), [NEW_UPLOAD]);
  });
  test("a complete name has no options, though longer names exist", () => {
    assert.deepEqual(tokens("@upload", UPLOADS), []);
    assert.deepEqual(tokens("@selected"), []);
  });
  test("an unknown name has no options", () => {
    assert.deepEqual(tokens("@nobody", UPLOADS), []);
  });
  test("the hints tell the number of selected samples and the file names", () => {
    const selection = { selected: ["a", "b"], alt: ["c"] };
    assert.deepEqual(optionsFor({ start: 0, typed: "@" }, selection, UPLOADS), [
      { token: "@selected", hint: "3 selected in the grid" },
      { token: "@upload", hint: "pool.jpg" },
      { token: "@upload2", hint: "sea.jpg" },
      { token: NEW_UPLOAD, hint: "choose an image" },
    ]);
    assert.deepEqual(optionsFor({ start: 0, typed: "@s" }, NO_SELECTION, {}), [
      { token: "@selected", hint: "select samples first" },
    ]);
  });
});

describe("inserting an option", () => {
  test("replaces the mention and leaves the caret behind it", () => {
    const mention = { start: 0, typed: "@se" };
    assert.deepEqual(insertOption("@se + a boat", mention, "@selected"), {
      line: "@selected + a boat",
      caret: 9,
    });
  });
  test("removes the mention for a new image, whose term goes to the end of the line", () => {
    assert.deepEqual(insertOption("a car + @up", { start: 8, typed: "@up" }, NEW_UPLOAD), {
      line: "a car",
      caret: 8,
    });
  });
});
