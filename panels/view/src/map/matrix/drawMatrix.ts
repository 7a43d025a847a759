// Draws a distance matrix on a canvas.
import { classColor, type Color, cssColor, type Look, neutralColor, rampColor } from "../state/palette.ts";
import { type Cell, type Matrix, pairIndex, runsOf, type Span, spansOf } from "./cells.ts";

/** The width of the strips with the colors of labels, and the gap beside them, in pixels. */
const STRIP = 8;
const GAP = 4;
const DUPLICATES: Record<"dark" | "light", string> = { dark: "#ff5c8a", light: "#c2003d" };

export interface Drawing {
  matrix: Matrix;
  order: readonly number[];
  /** The number of each label, by its text; empty without labels. */
  codes: ReadonlyMap<string, number>;
  look: Look;
  current: Cell | null;
}

/** Where the cells begin, in pixels. */
export function originOf(codes: ReadonlyMap<string, number>): number {
  return codes.size ? STRIP + GAP : 0;
}

/** The color of a label. */
export function labelColor(label: string | null, codes: ReadonlyMap<string, number>, look: Look): Color {
  const code = label === null ? undefined : codes.get(label);
  return code === undefined ? neutralColor(look) : classColor(code);
}

/** The color of near-duplicates. */
export function duplicatesColor({ isDark }: Look): string {
  return DUPLICATES[isDark ? "dark" : "light"];
}

/** The smallest and the largest distance. */
export function rangeOf({ distances }: Matrix): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const distance of distances) {
    low = Math.min(low, distance);
    high = Math.max(high, distance);
  }
  return [low, high];
}

/** The cells as an image of one pixel each; near pairs are the brightest. */
export function cellsImage({ matrix, order, look }: Omit<Drawing, "current" | "codes">): ImageData {
  const n = order.length;
  const [low, high] = rangeOf(matrix);
  const image = new ImageData(n, n);
  const colors = Array.from({ length: 256 }, (_, i) => rampColor(1 - i / 255, look));
  for (let row = 0; row < n; row++) {
    for (let column = 0; column < n; column++) {
      const [a, b] = [order[row]!, order[column]!];
      const value = a === b ? low : matrix.distances[pairIndex(n, a, b)]!;
      const share = high > low ? (value - low) / (high - low) : 0;
      const at = 4 * (row * n + column);
      image.data.set(colors[Math.round(255 * share)]!, at);
      image.data[at + 3] = 255;
    }
  }
  return image;
}

/** Draws everything on a canvas of `size` pixels a side. */
export function drawMatrix(
  context: CanvasRenderingContext2D,
  cells: HTMLCanvasElement,
  size: number,
  drawing: Drawing
): void {
  const { matrix, order, codes, look, current } = drawing;
  const origin = originOf(codes);
  const side = size - origin;
  const unit = side / order.length;
  context.clearRect(0, 0, size, size);
  context.imageSmoothingEnabled = false;
  context.drawImage(cells, origin, origin, side, side);
  const box = ([top, bottom]: Span, [left, right]: Span): [number, number, number, number] => [
    origin + left * unit,
    origin + top * unit,
    (right - left) * unit,
    (bottom - top) * unit,
  ];
  if (codes.size) drawLabels(context, drawing, unit, box);
  context.strokeStyle = duplicatesColor(look);
  context.lineWidth = 2;
  for (const group of matrix.duplicates) {
    const spans = spansOf(group, order);
    for (const rows of spans) for (const columns of spans) context.strokeRect(...box(rows, columns));
  }
  if (!current) return;
  const { row, column } = current;
  context.lineWidth = 1;
  context.strokeStyle = look.isDark ? "rgb(255 255 255 / 0.55)" : "rgb(0 0 0 / 0.5)";
  context.strokeRect(...box([row, row + 1], [0, order.length]));
  context.strokeRect(...box([0, order.length], [column, column + 1]));
  context.lineWidth = 3;
  context.strokeStyle = "#000";
  context.strokeRect(...box([row, row + 1], [column, column + 1]));
  context.lineWidth = 1.5;
  context.strokeStyle = "#fff";
  context.strokeRect(...box([row, row + 1], [column, column + 1]));
}

function drawLabels(
  context: CanvasRenderingContext2D,
  { matrix, order, codes, look }: Drawing,
  unit: number,
  box: (rows: Span, columns: Span) => [number, number, number, number]
): void {
  const origin = originOf(codes);
  const labels = order.map((place) => matrix.labels[place] ?? null);
  context.strokeStyle = look.isDark ? "#fff" : "#000";
  context.lineWidth = 1.2;
  for (const [start, end] of runsOf(labels)) {
    context.fillStyle = cssColor(labelColor(labels[start]!, codes, look));
    context.fillRect(0, origin + start * unit, STRIP, (end - start) * unit);
    context.fillRect(origin + start * unit, 0, (end - start) * unit, STRIP);
    if (labels[start] !== null && end - start > 1) context.strokeRect(...box([start, end], [start, end]));
  }
}
