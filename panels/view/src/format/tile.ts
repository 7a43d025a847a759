// The texts of a result.
import type { ResultRow } from "../generated.ts";
import type { Rating } from "../state/searchState.ts";
import { counted, percent, topShare } from "./numbers.ts";

/** The accessible name of a result. */
export function tileName(
  result: ResultRow,
  index: number,
  total: number,
  rating: Rating | null,
  otherDataset: string | undefined,
  isSelected = false
): string {
  const { filepath, frame_number, score, band, relevance, percentile } = result;
  const duplicates = result.near_duplicates;
  return [
    `Result ${index + 1} of ${total}`,
    fileName(filepath),
    frame_number && `frame ${frame_number}`,
    `score ${score.toFixed(2)}`,
    band && `${band} match`,
    relevance !== null && `relevance ${percent(relevance)}`,
    topShare(percentile),
    duplicates > 0 && `${counted(duplicates, "near-duplicate")} collapsed`,
    rating,
    isSelected && "selected",
    otherDataset && `opens the dataset ${otherDataset}`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** The values of the chosen fields, for the accessible name of a result. */
export function fieldTexts(
  fields: { name: string }[],
  values: Record<string, string[]> | undefined
): string[] {
  return fields.flatMap(({ name }) => {
    const texts = values?.[name] ?? [];
    return texts.length ? [`${name} ${texts.join(" and ")}`] : [];
  });
}

/** The tooltip of a result. */
export function tileTitle(
  { filepath, frame_number, score, distance }: ResultRow,
  otherDataset: string | undefined
): string {
  const opens = otherDataset ? `; opens the dataset ${otherDataset}` : "";
  const shown = Number.isFinite(distance) ? `, distance ${distance.toFixed(4)}` : "";
  const frame = frame_number ? `, frame ${frame_number}` : "";
  return `${fileName(filepath)}${frame}: score ${score.toFixed(4)}${shown}${opens}`;
}

export function fileName(path: string | null): string {
  return path?.split(/[\\/]/).pop() || "missing file";
}
