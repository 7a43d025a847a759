import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { linkTo, searchInLink } from "../src/state/link.ts";
import { DEFAULT_OPTIONS } from "../src/state/options.ts";
import { readOptions, stateFromText, stateToText } from "../src/state/restoring.ts";
import { INITIAL_STATE, type SearchState } from "../src/state/searchState.ts";
import { requestOf, resultOf, shownOf } from "./helpers.ts";

const UPLOAD = { name: "a.png", type: "image/png", size: 3, content: "AAAA", url: "data:AAAA" };
const STATE: SearchState = {
  ...INITIAL_STATE,
  query: "a car + @upload",
  uploads: { upload: UPLOAD },
  selection: { selected: ["s"], alt: [] },
  options: { ...DEFAULT_OPTIONS, k: "6", filters: { tags: ["train"] } },
  neighbors: shownOf(["a", "b"], { query: "a car + @upload" }),
  grid: { base: [{}], sidebar: { tags: {} }, shown: ["1", "2"] },
  liked: ["a"],
  ratedQuery: "a car + @upload",
  cutoff: 1,
  hidesBelowCutoff: true,
  tag: "cars",
  exclusion: { query: "a car + @upload", ids: ["c", "d"] },
  status: { kind: "busy", text: "Searching…" },
  isPaging: true,
  drawer: "help",
  settling: { filters: {}, moves: true },
  pending: "search",
};

describe("a kept state", () => {
  test("is restored without what only the open page needs", () => {
    const restored = stateFromText(stateToText(STATE), 181_000);
    assert.deepEqual(restored, {
      ...STATE,
      status: { kind: "done", text: "2 results, searched 3 minutes ago" },
      isPaging: false,
      drawer: null,
      settling: null,
      pending: null,
    });
  });
  test("of an older page excludes nothing", () => {
    const { exclusion: _exclusion, ...older } = JSON.parse(stateToText(STATE)) as SearchState;
    const restored = stateFromText(JSON.stringify(older));
    assert.deepEqual([restored.query, restored.exclusion], [STATE.query, null]);
    const damaged = JSON.stringify({ ...older, exclusion: { query: "a car", ids: [1] } });
    assert.deepEqual(stateFromText(damaged), INITIAL_STATE);
  });
  test("without results has no status", () => {
    const text = stateToText({ ...STATE, neighbors: null });
    assert.deepEqual(stateFromText(text).status, INITIAL_STATE.status);
  });
  test("has no images if it would be too long, and then no results", () => {
    const large = { ...UPLOAD, content: "A".repeat(1_000_000) };
    const withoutImage = stateFromText(stateToText({ ...STATE, uploads: { upload: large } }));
    assert.deepEqual(withoutImage.uploads, {});
    assert.equal(withoutImage.neighbors?.results.length, 2);
    const results = Array.from({ length: 9_000 }, (_, i) => resultOf(`result ${i}`));
    const neighbors = { ...shownOf([]), results };
    const restored = stateFromText(stateToText({ ...STATE, neighbors }));
    assert.deepEqual([restored.neighbors, restored.grid], [null, {}]);
    assert.equal(restored.query, STATE.query);
    assert.equal(stateToText({ ...STATE, query: "a".repeat(1_000_001) }), "");
  });
  test("is ignored if it is damaged or of another version", () => {
    const text = stateToText(STATE);
    const damaged = [
      null,
      "",
      "{",
      "null",
      "[]",
      text.slice(0, -1),
      text.replace('"version":1', '"version":2'),
      ...Object.entries({
        query: 3,
        uploads: { upload: { name: "a" } },
        selection: { selected: "a" },
        options: { ...DEFAULT_OPTIONS, filters: { tags: "train" } },
        neighbors: { ...shownOf(["a"]), results: [{ id: 3 }] },
        grid: { shown: [3] },
        liked: null,
        cutoff: "1",
        tag: undefined,
      }).map(([name, value]) => JSON.stringify({ ...JSON.parse(text), [name]: value })),
    ];
    for (const some of damaged) assert.equal(stateFromText(some), INITIAL_STATE, String(some));
  });
  test("has the default of an option that is newer", () => {
    const { filters: _filters, ...options } = STATE.options;
    const text = JSON.stringify({ ...JSON.parse(stateToText(STATE)), options });
    assert.deepEqual(stateFromText(text).options, { ...options, filters: {} });
  });
});

describe("a link", () => {
  const address = "http://localhost:5151/datasets/book?view=mine&id=3#top";
  test("has the search, and no sample that is open", () => {
    const params = requestOf({ query: "a car + 50 %", k: "6", filters: { tags: ["a&b"] } });
    const link = linkTo(address, params);
    assert.ok("url" in link);
    const url = new URL(link.url);
    assert.deepEqual([url.pathname, url.hash], ["/datasets/book", ""]);
    assert.deepEqual([...url.searchParams.keys()], ["view", "faiss"]);
    const { query, k, filters, scope } = searchInLink(link.url) ?? {};
    assert.deepEqual([query, k, filters, scope], ["a car + 50 %", "6", { tags: ["a&b"] }, "view"]);
    // The App encodes parameters of its address once more.
    const encoded = encodeURIComponent(url.searchParams.get("faiss") ?? "");
    url.searchParams.set("faiss", encoded);
    assert.equal(searchInLink(url.href)?.query, "a car + 50 %");
  });
  test("is refused for an uploaded image, and for too many samples", () => {
    const { url: _url, ...image } = UPLOAD;
    const uploaded = linkTo(address, requestOf({ uploads: { upload: image } }));
    assert.ok("error" in uploaded && uploaded.error.startsWith("An uploaded image is in no link;"));
    const selected = Array.from({ length: 200 }, () => "0".repeat(24));
    const many = linkTo(address, requestOf({ selected }));
    assert.ok("error" in many && many.error.includes("too many samples"));
  });
  test("that is damaged fills nothing, or only what is valid", () => {
    const search = (value: unknown) => {
      const url = new URL(address);
      url.searchParams.set("faiss", typeof value === "string" ? value : JSON.stringify(value));
      return searchInLink(url.href);
    };
    assert.equal(searchInLink(address), null);
    for (const text of ["{", "3", "null"]) assert.equal(search(text), null);
    const given = { query: 3, k: {}, scope: "dataset", selected: [3], filters: [], other: "x" };
    assert.deepEqual(search(given), { scope: "dataset" });
    assert.deepEqual(readOptions({ templates: "none", hubness: true }), { hubness: true });
  });
});
