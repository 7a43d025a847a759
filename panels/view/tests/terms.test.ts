import assert from "node:assert/strict";
import { test } from "node:test";
import { queriesOf } from "../src/query/pastQueries.ts";
import {
  freeUploadName,
  hasName,
  sliceCharacters,
  withoutTerm,
  withTerm,
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
