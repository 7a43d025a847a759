import { type PointerEvent, useRef, useState } from "react";
import { overlap, type Rectangle, rectangleOf } from "../../state/ranges.ts";

// A shorter movement is a click.
const MIN_PIXELS = 5;

interface Dragged {
  start: [number, number];
  shown: Rectangle | null;
}

/**
 * Selects what a rectangle touches that is dragged over the background of an element.
 *
 * @param select gets the ids in the rectangle, and whether to keep the selection
 */
export function useRectangle(select: ((ids: string[], isAdded: boolean) => void) | undefined) {
  const [rectangle, setRectangle] = useState<Rectangle | null>(null);
  const dragged = useRef<Dragged | null>(null);
  if (!select) return { rectangle, handlers: {} };
  const pointOf = ({ clientX, clientY, currentTarget }: PointerEvent): [number, number] => {
    const { left, top } = currentTarget.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    const isBackground = !(event.target as Element).closest("button, input, a, .ffs-tile");
    if (!isBackground || event.button !== 0 || event.pointerType === "touch") return;
    dragged.current = { start: pointOf(event), shown: null };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const drag = dragged.current;
    if (!drag) return;
    const end = pointOf(event);
    const moved = Math.hypot(end[0] - drag.start[0], end[1] - drag.start[1]);
    if (!drag.shown && moved < MIN_PIXELS) return;
    drag.shown = rectangleOf(drag.start, end);
    setRectangle(drag.shown);
  };
  const onPointerUp = (event: PointerEvent<HTMLElement>) => {
    const shown = dragged.current?.shown;
    dragged.current = null;
    setRectangle(null);
    if (!shown) return;
    select(idsIn(event.currentTarget, shown), event.ctrlKey || event.metaKey || event.shiftKey);
  };
  const onPointerCancel = () => {
    dragged.current = null;
    setRectangle(null);
  };
  return { rectangle, handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel } };
}

/** The ids of the results that a rectangle touches, whose corners are relative to the element. */
function idsIn(element: HTMLElement, rectangle: Rectangle): string[] {
  const { left, top } = element.getBoundingClientRect();
  return [...element.querySelectorAll<HTMLElement>('[data-cy="faiss-result"]')]
    .filter((tile) => {
      const box = tile.getBoundingClientRect();
      const own = rectangleOf([box.left - left, box.top - top], [box.right - left, box.bottom - top]);
      return overlap(own, rectangle);
    })
    .map((tile) => tile.dataset.id ?? "");
}
