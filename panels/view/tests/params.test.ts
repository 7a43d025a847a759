import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { countChanged, DEFAULT_OPTIONS, optionsFrom, scopeOfView } from "../src/state/options.ts";
import {
  changeSince,
  savedParams,
  savedSearchParams,
  searchParams,
  selectionFor,
  stateFrom,
} from "../src/state/params.ts";
import { INITIAL_STATE } from "../src/state/searchState.ts";
import { NO_SELECTION } from "../src/state/selection.ts";
import { requestOf, shownOf } from "./helpers.ts";

const UPLOAD = { name: "a.png", type: "image/png", size: 3, content: "AAAA", url: "data:AAAA" };

describe("a request", () => {
  test("of the initial state has the defaults", () => {
    const state = { ...INITIAL_STATE, query: "a car" };
    assert.deepEqual(searchParams(state, "clip", NO_SELECTION), requestOf());
  });
  test("has the options, the ratings and the selection", () => {
    const state = {
      ...INITIAL_STATE,
      query: "@selected",
      liked: ["a"],
      disliked: ["b"],
      options: {
        ...DEFAULT_OPTIONS,
        brain_key: "ignored",
        k: "6",
        thresh: "0.5",
        collapse: true,
        templates: "single" as const,
      },
    };
    const expected = requestOf({
      query: "@selected",
      brain_key: "clip",
      k: "6",
      thresh: 0.5,
      collapse: true,
      templates: "single",
      liked: ["a"],
      disliked: ["b"],
      selected: ["c"],
      alt: ["d"],
    });
    assert.deepEqual(searchParams(state, "clip", { selected: ["c"], alt: ["d"] }), expected);
  });
  test("has only the images that the query names, without their addresses", () => {
    const uploads = { upload: UPLOAD, upload2: UPLOAD };
    const state = { ...INITIAL_STATE, query: "a car - @upload2", uploads };
    const { url: _url, ...image } = UPLOAD;
    assert.deepEqual(searchParams(state, "clip", NO_SELECTION).uploads, { upload2: image });
  });
  test("has no distance for an empty field", () => {
    for (const thresh of ["", " "]) {
      const state = { ...INITIAL_STATE, options: { ...DEFAULT_OPTIONS, thresh } };
      assert.equal(searchParams(state, "clip", NO_SELECTION).thresh, null);
    }
  });
});

describe("the selection of a query", () => {
  const now = { selected: ["now"], alt: [] };
  const last = { selected: ["last"], alt: [] };
  test("is empty without @selected", () => {
    assert.deepEqual(selectionFor({ query: "a car", selection: last }, now), NO_SELECTION);
  });
  test("is the current one", () => {
    assert.deepEqual(selectionFor({ query: "@selected", selection: last }, now), now);
  });
  test("is that of the last search once the App has cleared it", () => {
    assert.deepEqual(selectionFor({ query: "@selected", selection: last }, NO_SELECTION), last);
    assert.deepEqual(
      selectionFor({ query: "@selected", selection: null }, NO_SELECTION),
      NO_SELECTION
    );
  });
});

describe("a saved search", () => {
  const saved = { query: "a car", k: 5, collapse: 0.02, liked: ["a"], selected: ["b"] };
  test("fills the page, with defaults for what it does not name", () => {
    assert.deepEqual(stateFrom(saved), {
      query: "a car",
      uploads: {},
      options: { ...DEFAULT_OPTIONS, scope: "dataset", k: 5, collapse: 0.02 },
      liked: ["a"],
      disliked: [],
      ratedQuery: "a car",
      exclusion: null,
      selection: { selected: ["b"], alt: [] },
    });
  });
  test("leaves out what it excluded", () => {
    const excluding = { ...saved, exclude: ["c"] };
    assert.deepEqual(stateFrom(excluding).exclusion, { query: "a car", ids: ["c"] });
    assert.deepEqual(savedSearchParams(excluding, "clip").exclude, ["c"]);
  });
  test("is requested as it was saved", () => {
    assert.deepEqual(
      savedSearchParams(saved, "clip"),
      requestOf({ scope: "dataset", k: 5, collapse: 0.02, liked: ["a"], selected: ["b"] })
    );
    // Without k, all results within the distance are meant.
    assert.equal(savedSearchParams({ k: null, thresh: 0.5 }, "clip").k, null);
  });
  test("keeps neither empty values nor the page", () => {
    const params = requestOf({ skip: 25, liked: ["a"], brain_key: null });
    assert.deepEqual(savedParams(params), {
      query: "a car",
      k: "25",
      scope: "view",
      reverse: false,
      templates: "off",
      diversity: 0,
      collapse: false,
      hubness: false,
      liked: ["a"],
    });
  });
});

describe("options", () => {
  test("are unchanged right after a search, and changed by any of them", () => {
    const neighbors = shownOf(["a"], { thresh: null });
    const state = { ...INITIAL_STATE, query: "a car", neighbors };
    assert.equal(changeSince(state, "clip"), null);
    assert.equal(changeSince(state, "other"), "Options");
    const changes = [
      { k: "6" },
      { reverse: true },
      { thresh: "1" },
      { scope: "dataset" },
      { filters: { tags: ["train"] } },
    ];
    for (const change of changes) {
      const options = { ...state.options, ...change };
      assert.equal(changeSince({ ...state, options }, "clip"), "Options");
    }
  });
  test("stay the same while the query changes", () => {
    const state = { ...INITIAL_STATE, query: "a car", neighbors: shownOf(["a"]) };
    assert.equal(changeSince({ ...state, query: " a car " }, "clip"), null);
    assert.equal(changeSince({ ...state, query: "" }, "clip"), "Query");
    const query = "a car - @upload";
    const image = { ...state, query, uploads: { upload: UPLOAD } };
    assert.equal(changeSince(image, "clip"), "Query");
    const { url: _url, ...upload } = UPLOAD;
    const neighbors = shownOf(["a"], { query, uploads: { upload } });
    assert.equal(changeSince({ ...image, neighbors }, "clip"), null);
    // Another image under the same name.
    const uploads = { upload: { ...UPLOAD, size: 4 } };
    assert.equal(changeSince({ ...image, neighbors, uploads }, "clip"), "Query");
  });
  test("are unchanged without results", () => {
    const options = { ...DEFAULT_OPTIONS, k: "6" };
    assert.equal(changeSince({ ...INITIAL_STATE, options }, "clip"), null);
  });
  test("from a saved search ignore null", () => {
    assert.deepEqual(optionsFrom({ brain_key: null, k: null, hubness: true }), {
      ...DEFAULT_OPTIONS,
      scope: "dataset",
      hubness: true,
    });
  });
  test("behind the button are counted when they differ from the defaults", () => {
    assert.equal(countChanged(DEFAULT_OPTIONS), 0);
    // The number of results and the scope are always visible.
    assert.equal(countChanged({ ...DEFAULT_OPTIONS, k: "6", scope: "dataset" }), 0);
    const options = { ...DEFAULT_OPTIONS, reverse: true, diversity: 0.5, collapse: 0.02 };
    assert.equal(countChanged({ ...options, templates: "ensemble", thresh: "0.1" }), 5);
  });
});

test("a saved view may have the name of another scope", () => {
  assert.equal(scopeOfView("beach"), "beach");
  assert.equal(scopeOfView("view"), "saved:view");
  assert.equal(scopeOfView("dataset"), "saved:dataset");
  assert.equal(scopeOfView("saved:beach"), "saved:saved:beach");
});
