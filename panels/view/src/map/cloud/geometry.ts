// Where points of a map are on the screen, and which of them are inside a lasso.

/** Points in -1 to 1, with what moved them there. */
export interface Normalized {
  points: Float32Array;
  center: number[];
  scale: number;
}

/** The corner of a box around points. */
export type Place = [x: number, y: number];

/** Moves and scales points, all dimensions by the same factor, so that they fill -1 to 1. */
export function normalized(points: Float32Array, dims: number): Normalized {
  const low = new Array<number>(dims).fill(Infinity);
  const high = new Array<number>(dims).fill(-Infinity);
  for (let i = 0; i < points.length; i++) {
    const d = i % dims;
    const value = points[i]!;
    if (value < low[d]!) low[d] = value;
    if (value > high[d]!) high[d] = value;
  }
  const center = low.map((value, d) => (value + high[d]!) / 2);
  const scale = Math.max(...high.map((value, d) => (value - low[d]!) / 2)) || 1;
  const scaled = new Float32Array(points.length);
  for (let i = 0; i < points.length; i++) scaled[i] = (points[i]! - center[i % dims]!) / scale;
  return { points: scaled, center, scale };
}

/** A place of the map among normalized points. */
export function normalizedPoint(point: number[], { center, scale }: Normalized): number[] {
  return point.map((value, d) => (value - center[d]!) / scale);
}

/**
 * Projects points to the screen.
 *
 * @param matrix the 16 elements of projection times view, column by column
 * @returns x and y of each point in pixels, NaN for points behind the camera
 */
export function projected(
  points: Float32Array,
  dims: number,
  matrix: ArrayLike<number>,
  width: number,
  height: number
): Float32Array {
  const m = Array.from(matrix);
  const count = points.length / dims;
  const screen = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const x = points[i * dims]!;
    const y = points[i * dims + 1]!;
    const z = dims === 3 ? points[i * dims + 2]! : 0;
    const w = m[3]! * x + m[7]! * y + m[11]! * z + m[15]!;
    const u = (m[0]! * x + m[4]! * y + m[8]! * z + m[12]!) / w;
    const v = (m[1]! * x + m[5]! * y + m[9]! * z + m[13]!) / w;
    screen[2 * i] = w > 0 ? ((u + 1) / 2) * width : NaN;
    screen[2 * i + 1] = ((1 - v) / 2) * height;
  }
  return screen;
}

/** The points on the screen that are inside a polygon. */
export function insidePolygon(screen: Float32Array, polygon: Place[]): Uint32Array {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const inside: number[] = [];
  for (let i = 0; i < screen.length / 2; i++) {
    const x = screen[2 * i]!;
    const y = screen[2 * i + 1]!;
    if (x >= left && x <= right && y >= top && y <= bottom && isInside(x, y, xs, ys)) inside.push(i);
  }
  return Uint32Array.from(inside);
}

/** Whether a ray to the right crosses the sides of a polygon an odd number of times. */
function isInside(x: number, y: number, xs: number[], ys: number[]): boolean {
  let isOdd = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    const isBeside = ys[i]! > y !== ys[j]! > y;
    if (isBeside && x < ((xs[j]! - xs[i]!) * (y - ys[i]!)) / (ys[j]! - ys[i]!) + xs[i]!) isOdd = !isOdd;
  }
  return isOdd;
}

/** The point nearest to a place on the screen, within a distance in pixels; -1 if there is none. */
export function nearestOnScreen(screen: Float32Array, [x, y]: Place, within: number): number {
  let best = -1;
  let smallest = within * within;
  for (let i = 0; i < screen.length / 2; i++) {
    const dx = screen[2 * i]! - x;
    const dy = screen[2 * i + 1]! - y;
    const far = dx * dx + dy * dy;
    if (far <= smallest) {
      best = i;
      smallest = far;
    }
  }
  return best;
}

/** The points nearest to a place of the map, nearest first. */
export function nearestTo(
  points: Float32Array,
  dims: number,
  place: ArrayLike<number>,
  n: number
): Uint32Array {
  const count = points.length / dims;
  const far = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let d = 0; d < dims; d++) sum += (points[i * dims + d]! - place[d]!) ** 2;
    far[i] = sum;
  }
  const cutoff = Float32Array.from(far).sort()[Math.min(n, count) - 1] ?? 0;
  const near: number[] = [];
  for (let i = 0; i < count; i++) if (far[i]! <= cutoff) near.push(i);
  near.sort((a, b) => far[a]! - far[b]! || a - b);
  return Uint32Array.from(near.slice(0, n));
}

/** The points on the screen, up to a number; null if there are more. */
export function visibleOn(
  screen: Float32Array,
  width: number,
  height: number,
  most: number
): number[] | null {
  const visible: number[] = [];
  for (let i = 0; i < screen.length / 2; i++) {
    const x = screen[2 * i]!;
    const y = screen[2 * i + 1]!;
    if (!(x >= 0 && x <= width && y >= 0 && y <= height)) continue;
    if (visible.length === most) return null;
    visible.push(i);
  }
  return visible;
}

/** Those of some points whose squares of this side do not overlap, the first ones first. */
export function apart(screen: Float32Array, places: number[], side: number): number[] {
  const kept: number[] = [];
  for (const place of places) {
    const overlaps = kept.some(
      (other) =>
        Math.abs(screen[2 * place]! - screen[2 * other]!) < side &&
        Math.abs(screen[2 * place + 1]! - screen[2 * other + 1]!) < side
    );
    if (!overlaps) kept.push(place);
  }
  return kept;
}
