// Comparisons of models: their texts.
import type { ComparedPair, Interval, Measure, ModelsRun, PanelIndex } from "../../generated.ts";

export const MEASURES: Record<Measure, string> = {
  map_at_r: "mAP@R",
  knn_accuracy: "kNN accuracy",
  precision: "Precision",
};

export const NO_DIFFERENCE = "no difference that this data can show";

/** "0.812". */
export function measureText(value: number): string {
  return value.toFixed(3);
}

/** "0.791 to 0.83". */
export function intervalText({ low, high }: Interval): string {
  return `${measureText(low)} to ${measureText(high)}`;
}

/** "+0.120", with a minus sign of the width of a plus. */
export function signedText(value: number): string {
  return `${value < 0 ? "−" : "+"}${measureText(Math.abs(value))}`;
}

/** "0.4", "−0.1", and "0.0" for what rounds to it. */
export function hubnessText(value: number): string {
  const text = Math.abs(value).toFixed(1);
  return value < 0 && text !== "0.0" ? `−${text}` : text;
}

/** A p value: "0.012", "<0.001". */
export function pText(p: number): string {
  return p < 0.001 ? "<0.001" : p.toFixed(3);
}

/** Which index is better, in a sentence. */
export function verdictOf({ winner, leaders, queries }: ModelsRun): string {
  const where = `on ${queries.toLocaleString("en-US")} queries`;
  if (winner) return `“${winner}” is the best by mAP@R ${where}.`;
  const named = leaders.map((key) => `“${key}”`);
  const last = named.pop();
  return `This data can show no difference by mAP@R ${where} between ${named.join(", ")} and ${last}.`;
}

/** How many queries the first of two indexes retrieves right and the second wrong. */
export function countOnly(pairs: ComparedPair[], right: string, wrong: string): number {
  for (const { first, second, first_only, second_only } of pairs) {
    if (first === right && second === wrong) return first_only;
    if (first === wrong && second === right) return second_only;
  }
  return 0;
}

/** The chosen indexes that exist, or all of the kind that has the most; see `kindProblem`. */
export function chosenIndexes(indexes: PanelIndex[], chosen: string[] | null): string[] {
  const known = indexes.map(({ brain_key }) => brain_key);
  const kept = (chosen ?? []).filter((key) => known.includes(key));
  if (chosen) return kept;
  const ofKind = (index: PanelIndex) =>
    indexes.filter(({ patches_field }) => patches_field === index.patches_field);
  const groups = indexes.map(ofKind).sort((a, b) => b.length - a.length);
  return (groups[0] ?? []).map(({ brain_key }) => brain_key);
}

/** Why some indexes cannot be compared, in a sentence; null if they can. */
export function kindProblem(indexes: PanelIndex[], chosen: string[]): string | null {
  const picked = indexes.filter(({ brain_key }) => chosen.includes(brain_key));
  const kinds = new Set(picked.map(({ patches_field }) => patches_field));
  if (indexes.length < 2) return "This dataset has one index; build another one with another model.";
  if (picked.length < 2) return "Choose two or more indexes.";
  if (kinds.size > 1) return "Choose indexes of the same samples or patches.";
  return null;
}
