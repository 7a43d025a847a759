import type { PanelIndex, OtherIndex, ResultRow } from "../generated.ts";

/** The indexes to compare with: the dataset's other ones, and those of other datasets. */
export function comparableIndexes(
  indexes: PanelIndex[],
  others: OtherIndex[],
  brainKey: string,
  dataset: string
): OtherIndex[] {
  const own = indexes.filter(({ brain_key }) => brain_key !== brainKey);
  return [...own.map((index) => ({ ...index, dataset })), ...others];
}

/** How many results two lists have in common. */
export function countShared(results: ResultRow[], others: ResultRow[]): number {
  const ids = new Set(others.map(({ sample_id }) => sample_id));
  return results.filter(({ sample_id }) => ids.has(sample_id)).length;
}
