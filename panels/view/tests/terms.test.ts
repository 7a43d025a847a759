import assert from "node:assert/strict";
import { test } from "node:test";
import { queriesOf } from "../src/query/pastQueries.ts";
import {
  freeUploadName,
  hasName,
  minusForm,
  sliceCharacters,
  withChange,
  withoutTerm,
  withoutUploads,
  withTerm,
  withText,
} from "../src/query/terms.ts";

test("a name is part of a line only as a whole", () => {
  assert.equal(hasName("2:@selected - a dog", "@selected"), true);
  assert.equal(hasName("a car\u2212@selected", "@selected"), true);
  assert.equal(hasName("@upload2", "@upload"), false);
});

test("a term is added at the end", () => {
  assert.equal(withTerm("  ", "@upload"), "@upload");
  assert.equal(withTerm("a car ", "@upload"), "a car + @upload");
});

test("a term is removed with its sign", () => {
  // The positions of the server include the sign.
  assert.equal(withoutTerm('2: red car + beach - "a dog"', [11, 18]), '2: red car - "a dog"');
  assert.equal(withoutTerm("a car + snow", [0, 5]), "snow");
  assert.equal(withoutTerm("a car - snow", [0, 5]), "- snow");
  assert.equal(withoutTerm("a car", [0, 5]), "");
});

test("the sign of a term changes", () => {
  assert.equal(withChange("a car", [0, 5], { sign: "-" }), "- a car");
  assert.equal(withChange("- a car", [0, 7], { sign: "+" }), "a car");
  assert.equal(withChange("a car + snow", [6, 12], { sign: "-" }), "a car - snow");
  assert.equal(withChange("a car \u2212 2: snow", [6, 15], { sign: "+" }), "a car + 2: snow");
});

test("the weight of a term changes, within limits", () => {
  assert.equal(withChange("a car", [0, 5], { weight: 1.25 }), "1.25: a car");
  assert.equal(withChange("2: a car", [0, 8], { weight: 1 }), "a car");
  assert.equal(withChange('a - .5:"b"', [2, 10], { weight: 0 }), 'a - 0.25: "b"');
  assert.equal(withChange("99: a", [0, 5], { weight: 101 }), "100: a");
  // A ratio is no weight.
  assert.equal(withChange("16:9", [0, 4], { weight: 2 }), "2: 16:9");
  assert.equal(withChange("🐶 + dog", [2, 7], { weight: 2 }), "🐶 + 2: dog");
});

test("negated words become a negative term", () => {
  assert.equal(minusForm("a street without cars"), '"a street" - "cars"');
  assert.equal(minusForm("a dog, but not a black dog"), '"a dog" - "black dog"');
  assert.equal(minusForm("a room with no people"), '"a room" - "people"');
  assert.equal(minusForm("a car that is not red"), '"a car" - "red"');
  for (const text of ["a notebook", "no entry sign", "a knot", "a car without"]) {
    assert.equal(minusForm(text), null, text);
  }
});

test("a text between two positions is replaced", () => {
  assert.equal(withText("🐶 umbrela + a", [2, 9], "umbrella"), "🐶 umbrella + a");
});

test("the terms of images are removed", () => {
  assert.equal(withoutUploads("@upload + 2: @upload2 - a dog"), "- a dog");
  assert.equal(withoutUploads("a car - @upload + snow"), "a car + snow");
  assert.equal(withoutUploads("@upload + snow"), "snow");
});

test("positions count an emoji as one character", () => {
  assert.equal(sliceCharacters("🐶🐶 dog", 3), "dog");
  assert.equal(withoutTerm("🐶 dog - a ball + snow", [6, 14]), "🐶 dog + snow");
});

test("an upload has the first free name", () => {
  assert.equal(freeUploadName("a car"), "upload");
  assert.equal(freeUploadName("@upload + @upload3"), "upload2");
});

test("past queries are listed once, the last used first", () => {
  const searches = [
    { used_at: "2024-01-02T00:00:00", params: { query: "a dog" } },
    { used_at: "2024-01-04T00:00:00", params: { query: "a car", k: 5 } },
    { used_at: "2024-01-03T00:00:00", params: {} },
    { used_at: "2024-01-01T00:00:00", params: { query: "a car" } },
  ];
  assert.deepEqual(queriesOf(searches), ["a car", "a dog"]);
});
