// The texts about a map.
import { shareText } from "../../curate/state/rates.ts";
import { counted } from "../../format/numbers.ts";
import type { DrawnMap, MapEntry, MapPlaces } from "../../generated.ts";

const METHODS: Record<string, string> = {
  umap: "UMAP",
  tsne: "t-SNE",
  pca: "PCA",
  axes: "named axes",
};

/** "UMAP", "t-SNE". */
export function methodText(method: string): string {
  return METHODS[method] ?? method;
}

/** "clip_umap: UMAP, 2-D, 2,000 points". */
export function mapText({ vis_key, method, num_dims, count }: MapEntry): string {
  return `${vis_key}: ${methodText(method)}, ${num_dims}-D, ${counted(count, "point")}`;
}

type Quality = Pick<DrawnMap, "neighbors_kept" | "trustworthiness" | "neighbors" | "chance_kept">;

/** How far to trust a map. */
export function qualityText({ neighbors_kept, trustworthiness, neighbors, chance_kept }: Quality): string {
  const often = trustworthiness >= 0.95 ? "nearly always" : trustworthiness >= 0.85 ? "mostly" : "often not";
  return (
    `${shareText(neighbors_kept)} of the ${neighbors} nearest neighbors of a point are near it on the ` +
    `map, by chance ${shareText(chance_kept)}. What is near on the map is ${often} similar ` +
    `(trustworthiness ${trustworthiness.toFixed(2)} of 1).`
  );
}

/** Where the query is, and how many of its hits are around it; `query` has its quotes. */
export function queryText(query: string, hits: number, answer: MapPlaces, noun: string): string {
  const missing = answer.places.filter((place) => place < 0).length;
  const there = hits - missing;
  if (!there) return `None of the ${counted(hits, "hit")} of ${query} is on this map.`;
  const where = answer.is_sample
    ? `The cross is the ${noun} of the query itself`
    : `The cross is at the weighted center of those ${answer.placed_by} of the ${answer.nearest} ` +
      `nearest hits of ${query} that lie together`;
  const around =
    `${answer.hits_nearest} of the ${answer.nearest} points around it are among as many nearest ` +
    `hits; the quality of the map predicts ${Math.round(answer.predicted)}.`;
  const lost = missing ? ` ${counted(missing, "hit")} ${missing === 1 ? "is" : "are"} not on the map.` : "";
  return `${where}: ${around}${lost}`;
}

/** A key for a new map that no other one has. */
export function freeKey(maps: string[], brainKey: string, method: string, dims: number): string {
  const base = `${brainKey}_${method}${dims === 3 ? "_3d" : ""}`;
  let key = base;
  for (let n = 2; maps.includes(key); n++) key = `${base}_${n}`;
  return key;
}
