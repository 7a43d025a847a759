// Where the preview of a result goes, in pixels.
import type { Rectangle } from "../state/ranges.ts";

const GAP = 8;

interface Extent {
  width: number;
  height: number;
}

/**
 * The corner of a preview: beside the tile if there is room, else below or above it; always inside
 * the panel.
 */
export function placeBeside(tile: Rectangle, { width, height }: Extent, panel: Rectangle) {
  const isRight = tile.right + GAP + width <= panel.right;
  const isLeft = tile.left - GAP - width >= panel.left;
  if (isRight || isLeft) {
    const left = isRight ? tile.right + GAP : tile.left - GAP - width;
    return { left, top: clamp(tile.top, panel.top + GAP, panel.bottom - GAP - height) };
  }
  const isBelow = tile.bottom + GAP + height <= panel.bottom;
  const top = isBelow ? tile.bottom + GAP : tile.top - GAP - height;
  return {
    left: clamp(tile.left, panel.left + GAP, panel.right - GAP - width),
    top: clamp(top, panel.top + GAP, panel.bottom - GAP - height),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
