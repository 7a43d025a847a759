// The texts of a result.
import type { Band, ResultFile, ResultRow } from "../generated.ts";
import type { Rating } from "../state/searchState.ts";
import { counted, percent, topShare, twoDigits } from "./numbers.ts";

const BANDS: Record<Band, string> = { strong: "Strong", likely: "Likely", weak: "Weak" };

/** What a tile shows of a result below its image, in this order. */
export function captionOf({ band, relevance, percentile, score }: ResultRow) {
  return {
    band: band && BANDS[band],
    relevance: relevance === null ? null : percent(relevance),
    share: topShare(percentile),
    score: twoDigits(score),
  };
}

/** The accessible name of a result; `texts` are the values of fields that its tile shows. */
export function tileName(
  result: ResultRow,
  index: number,
  total: number,
  rating: Rating | null,
  otherDataset: string | undefined,
  isSelected = false,
  texts: string[] = []
): string {
  const { filepath, frame_number, near_duplicates: duplicates } = result;
  return [
    `Result ${index + 1} of ${total}`,
    fileName(filepath),
    frame_number && `frame ${frame_number}`,
    // What is visible, in one piece: a person who speaks it finds the tile.
    [...Object.values(captionOf(result)), ...texts].filter(Boolean).join(" "),
    duplicates > 0 && `${counted(duplicates, "near-duplicate")} collapsed`,
    rating,
    isSelected && "selected",
    otherDataset && `opens the dataset ${otherDataset}`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** The texts of a near-duplicate of a result, or of a sample of the query. */
export function duplicateTexts(
  { id, filepath }: Pick<ResultFile, "id" | "filepath">,
  of: { rank?: number; near_duplicate_scores?: Record<string, number> }
): { score: string; owner: string; name: string; title: string } {
  // Results that were kept by an older page have no such scores.
  const known = of.near_duplicate_scores?.[id];
  const score = known === undefined ? "" : twoDigits(known);
  const owner = of.rank ? `of result ${of.rank}` : "of the query";
  return {
    score,
    owner,
    name: [`Near-duplicate ${owner} ${score}`.trim(), fileName(filepath)].join(", "),
    title: `${fileName(filepath)}${known === undefined ? "" : `: score ${known.toFixed(4)}`}`,
  };
}

/** The values of the chosen fields, as a tile shows them. */
export function fieldTexts(
  fields: { name: string }[],
  values: Record<string, string[]> | undefined
): string[] {
  return fields.flatMap(({ name }) => values?.[name] ?? []);
}

/** The tooltip of a result. */
export function tileTitle(
  { filepath, frame_number, relevance, score, distance }: ResultRow,
  otherDataset: string | undefined
): string {
  const opens = otherDataset ? `; opens the dataset ${otherDataset}` : "";
  const shown = Number.isFinite(distance) ? `, distance ${distance.toFixed(4)}` : "";
  const frame = frame_number ? `, frame ${frame_number}` : "";
  const estimate = relevance === null ? "" : `relevance ${percent(relevance)}, `;
  return `${fileName(filepath)}${frame}: ${estimate}score ${score.toFixed(4)}${shown}${opens}`;
}

export function fileName(path: string | null): string {
  return path?.split(/[\\/]/).pop() || "missing file";
}
