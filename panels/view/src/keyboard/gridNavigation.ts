/** The position and height of a result, in pixels. */
export interface Box {
  left: number;
  top: number;
  height: number;
}

/**
 * The index of the result that an arrow key, Home or End leads to from another one.
 *
 * Up and Down lead to the nearest column of the next row; rows may have different lengths.
 *
 * @returns undefined where there is none
 */
export function nextIndex(boxes: Box[], index: number, key: string): number | undefined {
  const inGrid = (next: number) => (next in boxes ? next : undefined);
  if (key === "ArrowLeft") return inGrid(index - 1);
  if (key === "ArrowRight") return inGrid(index + 1);
  if (key === "Home") return inGrid(0);
  if (key === "End") return inGrid(boxes.length - 1);
  const from = boxes[index];
  if (!from || (key !== "ArrowUp" && key !== "ArrowDown")) return undefined;
  const direction = key === "ArrowDown" ? 1 : -1;
  const ahead = boxes
    .map((box, i) => ({
      i,
      down: direction * (box.top - from.top),
      aside: Math.abs(box.left - from.left),
    }))
    .filter(({ down }) => down > from.height / 2);
  const nearestRow = Math.min(...ahead.map(({ down }) => down));
  const inRow = ahead.filter(({ down }) => down < nearestRow + from.height / 2);
  return inRow.sort((a, b) => a.aside - b.aside)[0]?.i;
}
