import assert from "node:assert/strict";
import { test } from "node:test";
import { uploadProblem } from "../src/browser/files.ts";
import { ago, bytes, counted, percent, topShare, twoDigits } from "../src/format/numbers.ts";
import { duplicateTexts, tileName, tileTitle } from "../src/format/tile.ts";
import { resultOf } from "./helpers.ts";

test("counts have a plural and thousands separators", () => {
  assert.equal(counted(1), "1 result");
  assert.equal(counted(0), "0 results");
  assert.equal(counted(2_000, "sample"), "2,000 samples");
});

test("a probability is shown without more digits than it has", () => {
  const shown = [1, 0.991, 0.99, 0.899, 0.5, 0.499, 0.0101, 0.009, 0].map(percent);
  const expected = [">99 %", ">99 %", "99 %", "89 %", "50 %", "49 %", "1 %", "<1 %", "<1 %"];
  assert.deepEqual(shown, expected);
});

test("a percentile is a share of the index", () => {
  assert.equal(topShare(99.6), "top 0.4 %");
  assert.equal(topShare(100), "top <0.1 %");
  assert.deepEqual([-0.004, -0.006, 1.005].map(twoDigits), ["0.00", "-0.01", "1.00"]);
  assert.equal(topShare(40), "top 60 %");
  assert.equal(topShare(null), "");
});

test("sizes have units", () => {
  assert.equal(bytes(0), "0 bytes");
  assert.equal(bytes(4_200), "4.2 kB");
  assert.equal(bytes(123_456_789), "123 MB");
});

test("times are relative; without a zone they are UTC", () => {
  const now = Date.parse("2024-01-02T12:00:00Z");
  assert.equal(ago("2024-01-02T11:59:30", now), "just now");
  assert.equal(ago("2024-01-02T11:58:00", now), "2 minutes ago");
  assert.equal(ago("2024-01-02T13:00:00+02:00", now), "1 hour ago");
  assert.equal(ago("2023-12-30T12:00:00Z", now), "3 days ago");
});

test("the texts of a result", () => {
  const result = resultOf("a", { percentile: 99.6, near_duplicates: 2, distance: 0.25 });
  assert.equal(
    tileName(result, 0, 25, "liked", undefined),
    "Result 1 of 25, a.jpg, Likely 75 % top 0.4 % 0.50, 2 near-duplicates collapsed, liked"
  );
  const plain = resultOf("a", { band: null, relevance: null, percentile: null });
  assert.equal(
    tileName(plain, 1, 2, null, undefined, true, ["park", "cat", "dog"]),
    "Result 2 of 2, a.jpg, 0.50 park cat dog, selected"
  );
  assert.equal(
    tileTitle(result, "other"),
    "a.jpg: relevance 75 %, score 0.5000, distance 0.2500; opens the dataset other"
  );
  assert.match(tileName(resultOf("a", { filepath: null }), 0, 1, null, undefined), /missing file/);
});

test("only images of a limited size are uploaded", () => {
  const image = { name: "a.png", type: "image/png", size: 20 * 2 ** 20 };
  assert.equal(uploadProblem(image), null);
  assert.equal(
    uploadProblem({ ...image, size: 60 * 2 ** 20 }),
    "a.png has 60 MB; choose an image of at most 20 MB."
  );
  assert.equal(
    uploadProblem({ ...image, name: "a.txt", type: "text/plain" }),
    "a.txt is not an image; choose a JPEG, PNG or WebP file."
  );
});

test("a near-duplicate has a score of its own", () => {
  const copy = { id: "x", filepath: "/images/x.jpg" };
  assert.deepEqual(duplicateTexts(copy, { rank: 3, near_duplicate_scores: { x: 0.4871, y: 0.2 } }), {
    score: "0.49",
    owner: "of result 3",
    name: "Near-duplicate of result 3 0.49, x.jpg",
    title: "x.jpg: score 0.4871",
  });
  const unknown = duplicateTexts(copy, {});
  assert.deepEqual([unknown.score, unknown.title], ["", "x.jpg"]);
  assert.equal(unknown.name, "Near-duplicate of the query, x.jpg");
});
