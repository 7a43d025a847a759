import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { barsOf } from "../src/format/contributions.ts";
import { boxIn, cropOf, wholeOf } from "../src/format/crop.ts";
import { placeBeside } from "../src/format/previewPlace.ts";
import { fieldTexts } from "../src/format/tile.ts";
import { placeOf, viewerAction } from "../src/keyboard/viewerPlaces.ts";
import { DEFAULT_PREFS, prefsFrom } from "../src/state/tilePrefs.ts";

test("a whole image is as large as possible, and in the center", () => {
  assert.deepEqual(wholeOf([400, 200]), { left: "0%", top: "25%", width: "100%", height: "50%" });
  assert.deepEqual(wholeOf([50, 100]), { left: "25%", top: "0%", width: "50%", height: "100%" });
});

describe("a box in its surroundings", () => {
  test("lies in the center of a square that is longer by the margin", () => {
    // 100 pixels of 400, with a margin of 1.25: a square of 125 pixels around the center.
    const [box, size] = [[0.4, 0.4, 0.25, 0.25], [400, 400]] as const;
    assert.deepEqual(cropOf([...box], [...size], 1.25), {
      left: "-118%",
      top: "-118%",
      width: "320%",
      height: "320%",
    });
    assert.deepEqual(boxIn([...box], [...size], 1.25), {
      left: "10%",
      top: "10%",
      width: "80%",
      height: "80%",
    });
  });

  test("stays inside the image", () => {
    const { left, top } = cropOf([0, 0.875, 0.125, 0.125], [800, 800], 1.25);
    assert.deepEqual([left, top], ["0%", "-540%"]);
  });

  test("of the whole image shows the whole image", () => {
    const whole = { left: "0%", top: "25%", width: "100%", height: "50%" };
    assert.deepEqual(cropOf([0, 0, 1, 1], [400, 200], 2), whole);
    assert.deepEqual(boxIn([0, 0, 1, 1], [400, 200], 2), whole);
  });
});

describe("the stored look of the tiles", () => {
  test("is read", () => {
    const stored = { fit: "cover", size: 200, fields: { book: ["tags"] } };
    assert.deepEqual(prefsFrom(JSON.stringify(stored)), stored);
  });

  const refused = [
    null,
    "",
    "not JSON",
    "7",
    '{"size": 5, "fit": "stretch", "fields": {"book": "tags", "film": [7]}}',
  ];
  for (const text of refused) {
    test(`is the default for ${text}`, () => assert.deepEqual(prefsFrom(text), DEFAULT_PREFS));
  }
});

test("the bars of terms share one scale", () => {
  const terms = [
    { text: "car", sign: "+" as const },
    { text: "dog", sign: "-" as const },
  ];
  assert.deepEqual(
    barsOf(terms, [3, -1]).map(({ text, value, start, length }) => [text, value, start, length]),
    [
      ["car", 3, 25, 75],
      ["dog", -1, 0, 25],
    ]
  );
  assert.deepEqual(barsOf(terms, [0, 0]).map(({ length }) => length), [0, 0]);
});

describe("a preview", () => {
  const panel = { left: 0, top: 0, right: 800, bottom: 600 };
  const tile = (left: number, top: number) => {
    return { left, top, right: left + 100, bottom: top + 120 };
  };
  const size = { width: 300, height: 400 };

  test("is to the right of the tile, or else to the left", () => {
    assert.deepEqual(placeBeside(tile(10, 50), size, panel), { left: 118, top: 50 });
    assert.deepEqual(placeBeside(tile(600, 50), size, panel), { left: 292, top: 50 });
  });

  test("stays inside the panel", () => {
    assert.deepEqual(placeBeside(tile(10, 500), size, panel), { left: 118, top: 192 });
    const narrow = { ...panel, right: 320 };
    assert.deepEqual(placeBeside(tile(110, 50), size, narrow), { left: 12, top: 178 });
    assert.deepEqual(placeBeside(tile(110, 450), size, narrow), { left: 12, top: 42 });
  });
});

test("the sample viewer knows whether there are further results", () => {
  const ids = ["a", "b", "c"];
  assert.deepEqual(placeOf(ids, 0), { id: "a", hasNext: true, hasPrevious: false });
  assert.deepEqual(placeOf(ids, 2), { id: "c", hasNext: false, hasPrevious: true });
  assert.deepEqual(["t", "g", "b", "x"].map((key) => viewerAction(key, false)), [
    "tag",
    "like",
    "dislike",
    null,
  ]);
  assert.equal(viewerAction("t", true), null);
});

test("the values of fields are those that a tile shows", () => {
  const fields = [{ name: "scene" }, { name: "tags" }, { name: "objects" }];
  assert.deepEqual(fieldTexts(fields, { scene: ["park"], tags: [], objects: ["cat", "dog"] }), [
    "park",
    "cat",
    "dog",
  ]);
  assert.deepEqual(fieldTexts(fields, undefined), []);
});
