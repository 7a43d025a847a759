import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DrawnMap, MapPlaces, PointColors } from "../src/generated.ts";
import { Detail, spreadOrder } from "../src/map/cloud/detail.ts";
import {
  apart,
  insidePolygon,
  nearestOnScreen,
  nearestTo,
  normalized,
  normalizedPoint,
  projected,
  visibleOn,
} from "../src/map/cloud/geometry.ts";
import { codesOf, floatsOf, placesText } from "../src/map/state/arrays.ts";
import { colorFrom, colorValue, mapViewFrom } from "../src/map/state/mapState.ts";
import { freeKey, mapText, qualityText, queryText } from "../src/map/state/mapTexts.ts";
import { classColor, neutralColor, rampColor } from "../src/map/state/palette.ts";
import { legendOf, placesWith, rgbaOf, valuesOf, valueText } from "../src/map/state/pointColors.ts";
import { mapAction, moveBy } from "../src/map/parts/mapKeys.ts";

const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

const base64 = (array: Uint8Array | Float32Array) =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString("base64");

const colors = (changes: Partial<PointColors>): PointColors => ({
  codes: null, names: [], counts: [], others: 0, other_count: 0, missing: 0, numbers: null, low: 0,
  high: 0, ...changes,
});

describe("the geometry of a map", () => {
  test("fills -1 to 1 with the same scale in all dimensions", () => {
    const own = normalized(Float32Array.of(0, 10, 4, 10, 8, 12), 2);
    assert.deepEqual([...own.points], [-1, -0.25, 0, -0.25, 1, 0.25]);
    assert.deepEqual([own.center, own.scale], [[4, 11], 4]);
    assert.deepEqual(normalizedPoint([8, 11], own), [1, 0]);
  });

  test("a single point is in the middle", () => {
    assert.deepEqual([...normalized(Float32Array.of(3, 4, 5), 3).points], [0, 0, 0]);
  });

  test("projects to pixels, with y downward", () => {
    const screen = projected(Float32Array.of(-1, 1, 0, 0, 1, -1), 2, IDENTITY, 200, 100);
    assert.deepEqual([...screen], [0, 0, 100, 50, 200, 100]);
  });

  test("a point behind the camera is nowhere", () => {
    // w is -z, as in a perspective.
    const matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -1, 0, 0, 0, 0];
    const screen = projected(Float32Array.of(0, 0, -2, 0, 0, 2), 3, matrix, 100, 100);
    assert.equal(screen[0], 50);
    assert.ok(Number.isNaN(screen[2]));
    assert.deepEqual(visibleOn(screen, 100, 100, 10), [0]);
  });

  test("a lasso holds what is inside, also of a shape with a dent", () => {
    const screen = Float32Array.of(10, 10, 50, 50, 50, 20, 90, 10, 200, 200);
    const square = [[0, 0], [100, 0], [100, 100], [0, 100]] as [number, number][];
    assert.deepEqual([...insidePolygon(screen, square)], [0, 1, 2, 3]);
    const dented = [[0, 0], [50, 40], [100, 0], [100, 100], [0, 100]] as [number, number][];
    assert.deepEqual([...insidePolygon(screen, dented)], [0, 1, 3]);
  });

  test("the nearest point within a distance is found", () => {
    const screen = Float32Array.of(0, 0, 10, 0, 30, 0);
    assert.equal(nearestOnScreen(screen, [8, 0], 5), 1);
    assert.equal(nearestOnScreen(screen, [20, 0], 5), -1);
  });

  test("the nearest points of a place come in their order", () => {
    const points = Float32Array.of(0, 0, 3, 0, 1, 0, 2, 0, -1, 0);
    assert.deepEqual([...nearestTo(points, 2, [0.1, 0], 3)], [0, 2, 4]);
    assert.deepEqual([...nearestTo(points, 2, [0, 0], 99)].length, 5);
  });

  test("pictures do not overlap, and are not shown for too many points", () => {
    const screen = Float32Array.of(0, 0, 5, 5, 60, 0, 61, 70);
    assert.deepEqual(apart(screen, [0, 1, 2, 3], 56), [0, 2, 3]);
    assert.equal(visibleOn(screen, 100, 100, 3), null);
    assert.deepEqual(visibleOn(screen, 50, 50, 3), [0, 1]);
  });
});

describe("the detail of a moving map", () => {
  test("falls while frames are slow, and is full at rest", () => {
    const detail = new Detail(100_000);
    assert.equal(detail.countAt(0, true), 100_000);
    assert.equal(detail.countAt(66, true), 50_000);
    assert.equal(detail.countAt(132, true), 25_000);
    assert.equal(detail.countAt(160, true), 25_000);
    assert.equal(detail.countAt(176, true), 27_500);
    assert.equal(detail.countAt(400, false), 100_000);
    // A pause is no slow frame, and the next move starts as the last one ended.
    assert.equal(detail.countAt(5_000, true), 27_500);
  });

  test("has a lower limit, which small maps do not reach", () => {
    const large = new Detail(1_000_000);
    const small = new Detail(3_000);
    for (let now = 0; now < 9_000; now += 300) {
      large.countAt(now, true);
      small.countAt(now, true);
    }
    assert.equal(large.countAt(9_000, true), 5_000);
    assert.equal(small.countAt(9_000, true), 3_000);
  });

  test("draws points from all over the index first", () => {
    for (const count of [1, 2, 10, 1_000, 99_991]) {
      assert.equal(new Set(spreadOrder(count)).size, count);
    }
    const tenths = new Set([...spreadOrder(1_000).subarray(0, 30)].map((i) => Math.floor(i / 100)));
    assert.equal(tenths.size, 10);
  });
});

describe("arrays as texts", () => {
  test("are read", () => {
    assert.deepEqual([...floatsOf(base64(Float32Array.of(1.5, -2)))], [1.5, -2]);
    assert.deepEqual([...codesOf(base64(Uint8Array.of(0, 254, 255)))], [0, 254, 255]);
  });

  test("are written, however long", () => {
    const places = Uint32Array.from({ length: 70_000 }, (_, i) => i);
    const bytes = Buffer.from(placesText(places), "base64");
    assert.equal(bytes.length, 280_000);
    assert.equal(bytes.readUInt32LE(4 * 69_999), 69_999);
  });
});

describe("the colors of points", () => {
  const look = { isDark: true };
  const classes = valuesOf(
    colors({
      codes: base64(Uint8Array.of(0, 1, 254, 255)),
      names: ["car", "dog"], counts: [1, 1], others: 3, other_count: 1, missing: 1,
    })
  );

  test("of classes", () => {
    const rgba = rgbaOf(classes, 4, look, new Set());
    assert.deepEqual([...rgba.subarray(0, 3)], classColor(0));
    assert.deepEqual([...rgba.subarray(4, 7)], classColor(1));
    assert.deepEqual([...rgba.subarray(8, 11)], neutralColor(look));
    assert.deepEqual(
      legendOf(classes).map(({ code, label, count }) => [code, label, count]),
      [[0, "car", 1], [1, "dog", 1], [254, "3 other values", 1], [255, "no value", 1]]
    );
    assert.deepEqual([0, 2, 3].map((i) => valueText(classes, i)), ["car", "another value", "no value"]);
  });

  test("a chosen class dims the others", () => {
    const rgba = rgbaOf(classes, 4, look, new Set([1]));
    assert.deepEqual([3, 7, 11].map((i) => rgba[i]! > 100), [false, true, false]);
    assert.deepEqual([...placesWith(classes, new Set([1, 255]))], [1, 3]);
  });

  test("of numbers, from the lowest to the highest", () => {
    const numbers = valuesOf(
      colors({ numbers: base64(Float32Array.of(2, 4, NaN)), low: 2, high: 4, missing: 1 })
    );
    const rgba = rgbaOf(numbers, 3, look, new Set());
    assert.deepEqual([...rgba.subarray(0, 3)], rampColor(0, look));
    assert.deepEqual([...rgba.subarray(4, 7)], rampColor(1, look));
    assert.deepEqual([...rgba.subarray(8, 11)], neutralColor(look));
    assert.deepEqual([0, 2].map((i) => valueText(numbers, i)), ["2", "no value"]);
    assert.deepEqual(legendOf(numbers), []);
  });

  test("the twelve colors of classes differ", () => {
    assert.equal(new Set(Array.from({ length: 12 }, (_, i) => classColor(i).join())).size, 12);
  });
});

describe("the state of the map panel", () => {
  test("is restored with defaults for what is missing", () => {
    const view = mapViewFrom('{"tab": "matrix", "color": {"kind": "tag", "name": "a:b"}}');
    assert.deepEqual([view.tab, view.action, view.nearest], ["matrix", "show", 25]);
    assert.equal(colorValue(view.color), "tag:a:b");
    assert.equal(mapViewFrom("no JSON").tab, "map");
  });

  test("a choice of colors is an option, and an option a choice", () => {
    for (const value of ["", "query", "field:objects.color", "tag:a:b", "quality:"]) {
      assert.equal(colorValue(colorFrom(value)), value);
    }
  });
});

describe("texts about a map", () => {
  test("name it and its quality", () => {
    const entry = { vis_key: "clip_umap", brain_key: "clip", method: "umap", num_dims: 2, count: 2000 };
    assert.equal(mapText(entry), "clip_umap: UMAP, 2-D, 2,000 points");
    const quality = { neighbors_kept: 0.43, trustworthiness: 0.963, neighbors: 15, chance_kept: 0.0075 };
    assert.equal(
      qualityText(quality as DrawnMap),
      "43 % of the 15 nearest neighbors of a point are near it on the map, by chance 0.8 %. What is " +
        "near on the map is nearly always similar (trustworthiness 0.96 of 1)."
    );
  });

  const answer: MapPlaces = {
    places: [4, 7, -1], marker: [0, 1], is_sample: false, placed_by: 2, nearest: 2, hits_nearest: 1,
    predicted: 0.86,
  };

  test("say where the query is", () => {
    assert.equal(
      queryText('"a car"', 3, answer, "sample"),
      "The cross is at the weighted center of those 2 of the 2 nearest hits of \"a car\" that lie " +
        "together: 1 of the 2 points " +
        "around it are among as many nearest hits; the quality of the map predicts 1. 1 hit is not " +
        "on the map."
    );
    const own = { ...answer, is_sample: true, places: [4, 7, 8] };
    assert.match(queryText('"a car"', 3, own, "sample"), /^The cross is the sample of the query itself: 1/);
    const none = { ...answer, places: [-1, -1, -1] };
    assert.equal(queryText("x", 3, none, "sample"), "None of the 3 hits of x is on this map.");
  });

  test("a new map has a key of its own", () => {
    assert.equal(freeKey([], "clip", "umap", 2), "clip_umap");
    assert.equal(freeKey(["clip_umap_3d", "clip_umap_3d_2"], "clip", "umap", 3), "clip_umap_3d_3");
  });
});

test("the keys of a map move, zoom, pick and encircle", () => {
  const press = (key: string, ctrlKey = false) =>
    mapAction({ key, ctrlKey, metaKey: false, altKey: false });
  assert.deepEqual(
    ["ArrowLeft", "+", "-", "0", "l", "Enter", "n", "x"].map((key) => press(key)),
    ["move", "in", "out", "fit", "lasso", "pick", "nearest", null]
  );
  assert.equal(press("l", true), null);
  assert.deepEqual([moveBy("ArrowUp"), moveBy("ArrowRight")], [[0, 40], [-40, 0]]);
});
