// Maps over pictures: their colors, and which regions of two pictures go together.
import type { BoundingBox, ExplanationMap, ExplanationPairs } from "../generated.ts";

export type Grid = number[][];
export type Rgba = [number, number, number, number];
/** The rows and columns of a region in its grid. */
export interface Region {
  row: number;
  column: number;
}
export type Side = "query" | "match";

// Purple, orange, yellow: seen on dark and on light pictures, also without red or green.
const STOPS: [number, number, number][] = [
  [90, 20, 140],
  [230, 80, 60],
  [255, 230, 60],
];
const PARTNER: [number, number, number] = [0, 225, 255];
const MOST = 0.72;

/** The color of a value from 0 to 1; 0 is transparent. */
export function heatColor(value: number): Rgba {
  const place = Math.min(1, Math.max(0, value)) * (STOPS.length - 1);
  const start = Math.min(Math.floor(place), STOPS.length - 2);
  const [from, to] = [STOPS[start]!, STOPS[start + 1]!];
  const mix = from.map((channel, i) => Math.round(channel + (place - start) * (to[i]! - channel)));
  return [mix[0]!, mix[1]!, mix[2]!, Math.round(255 * MOST * Math.sqrt(Math.max(0, value)))];
}

/** The color of a region that goes together with the one under the pointer. */
export function partnerColor(value: number): Rgba {
  return [...PARTNER, Math.round(255 * MOST * Math.max(0, value))];
}

/** The pixels of a grid for a canvas, row by row. */
export function pixelsOf(values: Grid, color: (value: number) => Rgba): Uint8ClampedArray {
  return new Uint8ClampedArray(values.flatMap((row) => row.flatMap(color)));
}

/** The region of a grid over a box at a place in the picture, 0 to 1; null outside the box. */
export function regionAt(x: number, y: number, box: BoundingBox, grid: Size): Region | null {
  const column = Math.floor(((x - box[0]) / box[2]) * grid.columns);
  const row = Math.floor(((y - box[1]) / box[3]) * grid.rows);
  const isInside = row >= 0 && column >= 0 && row < grid.rows && column < grid.columns;
  return isInside ? { row, column } : null;
}

export interface Size {
  rows: number;
  columns: number;
}

/** How many regions each picture has. */
export function sizesOf({ values }: ExplanationPairs): Record<Side, Size> {
  const partners = values[0]?.[0] ?? [];
  return {
    query: { rows: values.length, columns: values[0]?.length ?? 0 },
    match: { rows: partners.length, columns: partners[0]?.length ?? 0 },
  };
}

/** What a region of a picture adds together with each region of the other. */
export function partnersOf({ values }: ExplanationPairs, side: Side, at: Region): Grid {
  if (side === "query") return values[at.row]?.[at.column] ?? [];
  return values.map((row) => row.map((partners) => partners[at.row]?.[at.column] ?? 0));
}

/** What all pairs with a region add together. */
export function sumOf(values: Grid): number {
  return values.flat().reduce((sum, value) => sum + value, 0);
}

/** The largest value is 1; values at or below the mean of the grid are 0. */
export function aboveMean(values: Grid): Grid {
  const all = values.flat();
  const mean = sumOf(values) / Math.max(1, all.length);
  const most = Math.max(...all) - mean;
  if (!(most > 0)) return values.map((row) => row.map(() => 0));
  return values.map((row) => row.map((value) => Math.max(0, (value - mean) / most)));
}

/** The region next to another; the same at the border. */
export function moved({ row, column }: Region, key: string, { rows, columns }: Size): Region | null {
  const steps: Record<string, [number, number]> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const step = steps[key];
  if (!step) return null;
  return {
    row: Math.min(rows - 1, Math.max(0, row + step[0])),
    column: Math.min(columns - 1, Math.max(0, column + step[1])),
  };
}

/** Where a region is in its picture, in percent. */
export function placeOf(at: Region, box: BoundingBox, { rows, columns }: Size) {
  return {
    left: `${100 * (box[0] + (at.column / columns) * box[2])}%`,
    top: `${100 * (box[1] + (at.row / rows) * box[3])}%`,
    width: `${(100 * box[2]) / columns}%`,
    height: `${(100 * box[3]) / rows}%`,
  };
}

/** Whether the model sees all of a picture. */
export function isWhole({ box }: ExplanationMap): boolean {
  return box[0] <= 0.01 && box[1] <= 0.01 && box[2] >= 0.98 && box[3] >= 0.98;
}
