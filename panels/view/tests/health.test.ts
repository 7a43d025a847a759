import assert from "node:assert/strict";
import { test } from "node:test";
import { ageText, healthRows } from "../src/format/health.ts";
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
