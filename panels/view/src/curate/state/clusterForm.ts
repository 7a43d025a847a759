// What a person chose to cluster.
import type { ClusterParams, PanelIndex, VocabularyChoice } from "../../generated.ts";
import type { CurateView, Form } from "./curateState.ts";

export interface ClusterForm {
  brainKey: string | null;
  scope: Form["scope"];
  method: ClusterParams["method"];
  /** The number of clusters as text; empty for a proposal. */
  number: string;
  /** The smallest cluster as text; empty for a proposal. */
  minSize: string;
  vocabulary: VocabularyChoice;
  /** The texts of the vocabulary "own", one on each line. */
  texts: string;
  /** The index that names clusters, null for the one that is clustered if it can. */
  namesKey: string | null;
  /** The field that clusters are saved in. */
  field: string;
}

export const CLUSTER_FORM: ClusterForm = {
  brainKey: null,
  scope: "dataset",
  method: "kmeans",
  number: "",
  minSize: "",
  vocabulary: "general",
  texts: "",
  namesKey: null,
  field: "cluster",
};

/** The index of a form; the first one if its index does not exist. */
export function indexOf(indexes: PanelIndex[], brainKey: string | null): PanelIndex | null {
  return indexes.find(({ brain_key }) => brain_key === brainKey) ?? indexes[0] ?? null;
}

/** The indexes that can name the clusters of an index: it itself first. */
export function namingIndexes(indexes: PanelIndex[], index: PanelIndex | null): PanelIndex[] {
  const able = indexes.filter(
    ({ supports_text, patches_field }) =>
      supports_text && patches_field === (index?.patches_field ?? null)
  );
  return [...able.filter((each) => each === index), ...able.filter((each) => each !== index)];
}

/** The lines of a text that are not empty. */
export function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter(Boolean);
}

/** What the server is asked. */
export function clusterParams(
  form: ClusterForm,
  indexes: PanelIndex[],
  grid: CurateView["grid"]
): ClusterParams {
  const index = indexOf(indexes, form.brainKey);
  const naming = namingIndexes(indexes, index);
  const names = naming.find(({ brain_key }) => brain_key === form.namesKey) ?? naming[0];
  const isDense = form.method === "density";
  return {
    ...grid,
    brain_key: index?.brain_key ?? "",
    scope: form.scope,
    method: form.method,
    n_clusters: isDense ? null : wholeOf(form.number),
    min_size: isDense ? wholeOf(form.minSize) : null,
    vocabulary: form.vocabulary,
    texts: form.vocabulary === "own" ? linesOf(form.texts) : [],
    names_key: names && names !== index ? names.brain_key : null,
  };
}

function wholeOf(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}
