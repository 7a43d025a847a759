// How many points are drawn while a map moves, so that it moves smoothly on a slow machine.

// A frame should take no longer than this, in ms: 30 frames per second.
const SLOW_MS = 33;
const FAST_MS = 20;
// A longer pause is no slow frame.
const PAUSE_MS = 400;
const MIN_COUNT = 5_000;

/** The share of the points that is drawn while a map moves, from the durations of its frames. */
export class Detail {
  private readonly count: number;
  private share = 1;
  private last = -Infinity;

  constructor(count: number) {
    this.count = count;
  }

  /** How many points to draw now, given the time of this frame in ms. */
  countAt(now: number, isMoving: boolean): number {
    const took = now - this.last;
    this.last = isMoving ? now : -Infinity;
    if (!isMoving) return this.count;
    if (took < PAUSE_MS && took > SLOW_MS) this.share *= Math.max(0.5, SLOW_MS / took);
    else if (took < FAST_MS) this.share = Math.min(1, 1.1 * this.share);
    const smallest = Math.min(1, MIN_COUNT / this.count);
    this.share = Math.max(smallest, this.share);
    return Math.round(this.share * this.count);
  }
}

/**
 * An order of points whose beginnings are samples of all of them: the points of an index may be
 * ordered by their classes.
 */
export function spreadOrder(count: number): Uint32Array {
  const order = new Uint32Array(count);
  // Steps of the golden ratio are spread evenly; the step needs no common divisor with the count.
  let step = Math.max(1, Math.round(count * 0.618034));
  while (divisor(step, count) > 1) step += 1;
  for (let i = 0, at = 0; i < count; i++, at = (at + step) % count) order[i] = at;
  return order;
}

function divisor(a: number, b: number): number {
  return b ? divisor(b, a % b) : a;
}
