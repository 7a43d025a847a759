// Where an image lies in its square tile, as CSS in percent of the tile.
import type { BoundingBox } from "../generated.ts";

/** How many times longer than a box the side of what is shown around it is. */
export const SURROUNDINGS = 2.2;
export const TIGHT = 1.1;

export type Size = [width: number, height: number];

export interface Place {
  left: string;
  top: string;
  width: string;
  height: string;
}

/** The place of a whole image: as large as possible, in the center. */
export function wholeOf([width, height]: Size): Place {
  const side = Math.max(width, height);
  return placeIn(side, (width - side) / 2, (height - side) / 2, [0, 0, width, height]);
}

/**
 * The place of an image of which the tile shows a square around a box.
 *
 * @param size of the image, in pixels
 * @param margin how many times longer than the box the square is
 */
export function cropOf(box: BoundingBox, size: Size, margin: number): Place {
  const { side, left, top } = squareOf(box, size, margin);
  return placeIn(side, left, top, [0, 0, ...size]);
}

/** The place of the box itself, in the same tile. */
export function boxIn(box: BoundingBox, size: Size, margin: number): Place {
  const { side, left, top } = squareOf(box, size, margin);
  const [x, y, w, h] = box;
  const [width, height] = size;
  return placeIn(side, left, top, [x * width, y * height, w * width, h * height]);
}

/** The square around a box, in pixels: inside the image where that is long enough. */
function squareOf([x, y, w, h]: BoundingBox, [width, height]: Size, margin: number) {
  const longerSide = Math.max(width, height);
  const side = Math.min(longerSide, Math.max(1, margin * Math.max(w * width, h * height)));
  const left = startOf((x + w / 2) * width, side, width);
  return { side, left, top: startOf((y + h / 2) * height, side, height) };
}

function startOf(center: number, side: number, length: number): number {
  if (side >= length) return (length - side) / 2;
  return Math.min(Math.max(center - side / 2, 0), length - side);
}

function placeIn(
  side: number,
  left: number,
  top: number,
  [x, y, w, h]: [number, number, number, number]
): Place {
  const percent = (n: number) => `${(100 * n) / side}%`;
  return { left: percent(x - left), top: percent(y - top), width: percent(w), height: percent(h) };
}
