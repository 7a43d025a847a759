// The cells of a distance matrix: which pair is where, and what is known of it.
import type { MatrixAnswer, ResultFile } from "../../generated.ts";
import { floatsOf } from "../state/arrays.ts";

/** A matrix with its arrays. */
export interface Matrix extends Omit<MatrixAnswer, "distances" | "angles" | "percentiles" | "files"> {
  distances: Float32Array;
  angles: Float32Array;
  percentiles: Float32Array | null;
  /** The files by id. */
  files: ReadonlyMap<string, ResultFile>;
}

/** A row and a column as they are drawn. */
export interface Cell {
  row: number;
  column: number;
}

/** From the first place to the one after the last. */
export type Span = [start: number, end: number];

export function matrixOf({ distances, angles, percentiles, files, ...others }: MatrixAnswer): Matrix {
  return {
    ...others,
    distances: floatsOf(distances),
    angles: floatsOf(angles),
    percentiles: percentiles === null ? null : floatsOf(percentiles),
    files: new Map(files.map((file) => [file.id, file])),
  };
}

/** Where the values of two different places of `n` are. */
export function pairIndex(n: number, a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low * n - (low * (low + 1)) / 2 + high - low - 1;
}

/** The cell at a place in a square of `side` pixels; null outside of it. */
export function cellAt(x: number, y: number, side: number, n: number): Cell | null {
  const [column, row] = [x, y].map((at) => Math.floor((at / side) * n)) as [number, number];
  const isInside = row >= 0 && column >= 0 && row < n && column < n;
  return isInside ? { row, column } : null;
}

const STEPS: Record<string, [row: number, column: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-10, 0],
  PageDown: [10, 0],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

/** Where a key leads to; null if it is none of the keys that move. */
export function movedBy(key: string, { row, column }: Cell, n: number): Cell | null {
  const step = STEPS[key];
  const inside = (at: number) => Math.min(n - 1, Math.max(0, at));
  return step ? { row: inside(row + step[0]), column: inside(column + step[1]) } : null;
}

/** The runs of equal neighbors. */
export function runsOf<T>(values: readonly T[]): Span[] {
  const runs: Span[] = [];
  values.forEach((value, place) => {
    const last = runs.at(-1);
    if (last && values[last[0]] === value) last[1] = place + 1;
    else runs.push([place, place + 1]);
  });
  return runs;
}

/** Where the members of a group are drawn, as spans of neighbors. */
export function spansOf(group: readonly number[], order: readonly number[]): Span[] {
  const members = new Set(group);
  const spans: Span[] = [];
  order.forEach((place, at) => {
    if (!members.has(place)) return;
    const last = spans.at(-1);
    if (last && last[1] === at) last[1] = at + 1;
    else spans.push([at, at + 1]);
  });
  return spans;
}

/** The labels in the order of their first row, with the number of rows of each. */
export function labelCounts(labels: readonly (string | null)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const label of [...labels].sort()) {
    if (label !== null) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

/** "cosine distance 0.123, angle 28.7°, 0.4 % of random pairs are nearer". */
export function pairText(matrix: Matrix, a: number, b: number): string {
  if (a === b) return `The same ${matrix.patches_field === null ? "sample" : "label"}.`;
  const at = pairIndex(matrix.ids.length, a, b);
  const parts = [
    `${matrix.metric} distance ${matrix.distances[at]!.toPrecision(3)}`,
    `angle ${matrix.angles[at]!.toFixed(1)}°`,
  ];
  const share = matrix.percentiles?.[at];
  if (share !== undefined) parts.push(shareText(share, matrix.resolution));
  return parts.join(", ");
}

/** The percentage of random pairs that are nearer, with as many digits as it has. */
function shareText(share: number, resolution: number): string {
  if (share === 0) return "no random pair is nearer";
  const digits = share < 1 ? 2 : share < 10 ? 1 : 0;
  const step = Math.max(resolution, 0.01);
  const text = share < step ? `less than ${step.toPrecision(1)}` : share.toFixed(digits);
  return `${text} % of random pairs are nearer`;
}

/** Whether two places are near-duplicates of each other. */
export function areDuplicates({ duplicates }: Matrix, a: number, b: number): boolean {
  return a !== b && duplicates.some((group) => group.includes(a) && group.includes(b));
}
