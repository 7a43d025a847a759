import assert from "node:assert/strict";
import { test } from "node:test";
import { describeIndex } from "../src/format/indexes.ts";
import type { PanelIndex } from "../src/generated.ts";
import { jobsAbout } from "../src/state/jobTopics.ts";

const FAISS: PanelIndex = {
  brain_key: "clip",
  backend: "faiss",
  model: "ViT-B-32",
  supports_text: true,
  metric: "cosine",
  patches_field: null,
  size: 12_000,
  failures: 0,
  problem: null,
};

test("a FAISS index is described by its key, its model and its size", () => {
  assert.equal(describeIndex(FAISS), "clip · ViT-B-32 · 12,000");
  assert.equal(describeIndex({ ...FAISS, model: null }), "clip · no model · 12,000");
});

test("an index of another backend is described with its backend and without a size", () => {
  const index = { ...FAISS, brain_key: "sk", backend: "sklearn", size: null };
  assert.equal(describeIndex(index), "sk · sklearn · ViT-B-32");
});

test("a panel shows the jobs that it is about", () => {
  const job = { state: "running", message: "", fraction: 0, label: "Starting…" } as const;
  const ofIndex = { ...job, id: "1", name: "clip", topic: "index" } as const;
  const ofMap = { ...job, id: "2", name: "map", topic: "map" } as const;
  assert.deepEqual(jobsAbout([ofIndex, ofMap], ["index"]), [ofIndex]);
  assert.deepEqual(jobsAbout([ofIndex, ofMap], ["index", "map"]), [ofIndex, ofMap]);
});
