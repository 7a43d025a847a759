import type { BoundingBox } from "../generated.ts";

// The margin shows where in the image the box is.
const MARGIN = 1.25;

export type Size = [width: number, height: number];

/**
 * The CSS that places an image in a square tile so that the contents of a box fill the tile.
 *
 * @param size of the image, in pixels
 */
export function cropOf([x, y, w, h]: BoundingBox, [width, height]: Size) {
  const longerSide = Math.max(width, height);
  const side = Math.min(longerSide, Math.max(1, MARGIN * Math.max(w * width, h * height)));
  const percent = (n: number) => `${(100 * n) / side}%`;
  return {
    width: percent(width),
    height: percent(height),
    left: percent(-startOf((x + w / 2) * width, side, width)),
    top: percent(-startOf((y + h / 2) * height, side, height)),
  };
}

/** The start of the square: around its center, but inside the image if that is long enough. */
function startOf(center: number, side: number, length: number): number {
  if (side >= length) return (length - side) / 2;
  return Math.min(Math.max(center - side / 2, 0), length - side);
}
