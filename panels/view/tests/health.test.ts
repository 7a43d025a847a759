import assert from "node:assert/strict";
import { test } from "node:test";
import { ageText, healthRows, rebuildText } from "../src/format/health.ts";
import type { IndexHealth } from "../src/generated.ts";

const HEALTH: IndexHealth = {
  brain_key: "clip",
  model: "ViT-B-32",
  supports_text: true,
  metric: "cosine",
  index_type: "auto",
  patches_field: null,
  size: 12_000,
  dim: 512,
  disk_bytes: 25_000_000,
  path: "/indexes/clip",
  failures: 0,
  factory: null,
  recall: null,
  latency_ms: null,
  recall_by_kind: null,
  graph_neighbors: 15,
  graph_recall: 0.983,
  rate: null,
  created: null,
  problem: null,
  missing: 3,
  orphaned: 0,
  failed: 0,
  changed: null,
  model_matches: true,
  unindexed: 0,
  is_current: false,
  age_s: 0,
};

test("the health of an index says how old it is", () => {
  const texts = [0, 59.9, 60, 125, 3_600, 200_000].map((age_s) => ageText({ ...HEALTH, age_s }));
  assert.deepEqual(texts, [
    "As of now",
    "As of now",
    "As of 1 minute ago",
    "As of 2 minutes ago",
    "As of 1 hour ago",
    "As of 2 days ago",
  ]);
});

test("differences between an index and its dataset are marked as problems", () => {
  const rows = healthRows(HEALTH).filter(({ isProblem }) => isProblem);
  assert.deepEqual(rows, [{ name: "Missing", value: "3", isProblem: true }]);
});

test("the neighbor graph is described if there is one", () => {
  const valueOf = (health: IndexHealth) =>
    healthRows(health).find(({ name }) => name === "Neighbor graph")?.value;
  assert.equal(valueOf(HEALTH), "15 neighbors, recall 98.3 %");
  const none = valueOf({ ...HEALTH, graph_neighbors: null, graph_recall: null });
  assert.equal(none, "built when it is needed");
});

test("the recall of each kind of query is shown if it was measured", () => {
  assert.equal(
    healthRows(HEALTH).some(({ name }) => name === "Recall by query"),
    false,
  );
  const health = { ...HEALTH, recall: 0.991, recall_by_kind: { rows: 1, texts: 0.9912 } };
  const rows = healthRows(health).filter(({ name }) => name.startsWith("Recall"));
  assert.deepEqual(
    rows.map(({ value }) => value),
    ["99.1 % at 10", "rows 100.0 %, texts 99.1 %"],
  );
});

test("a rebuild tells what it embeds, and how long that takes", () => {
  const index = { size: 12_000, model: "ViT-B-32", patches_field: null };
  const known = { ...HEALTH, size: 12_000, missing: 500, orphaned: 100, failed: 2, rate: 46.2 };
  assert.equal(
    rebuildText(index, known),
    "Embed 12,402 samples again with ViT-B-32? The last build embedded 46 a second, so this takes " +
      "about 4 minutes. Searches use the present vectors until new ones replace them. You can " +
      "cancel it; what is finished is kept.",
  );
  const slow = rebuildText({ ...index, patches_field: "boxes" }, { ...known, rate: 0.5 });
  assert.match(slow, /^Embed 12,402 labels .* embedded 0.50 a second, so .* about 6.9 hours\. /);
  assert.match(rebuildText(index, { ...known, rate: 1_000 }), /about 12 seconds\./);
});

test("a rebuild says that its duration is not known", () => {
  const index = { size: 1, model: null, patches_field: null };
  for (const health of [null, { ...HEALTH, size: 1, missing: 0 }]) {
    assert.match(
      rebuildText(index, health),
      /^Embed 1 sample again\? How long this takes is not known: no build .* measured\. /,
    );
  }
});
