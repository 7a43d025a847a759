import React, { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import type { ParsedTerm } from "../../generated.ts";
import { limitedWeight, type TermChange } from "../../query/terms.ts";

const STEP = 0.25;
const PIXELS_PER_STEP = 10;
const STEPS: Record<string, number> = { ArrowUp: 1, ArrowDown: -1 };

interface SignButtonProps {
  term: ParsedTerm;
  label: string;
  /** Whether the term is that of an older line. */
  isOld: boolean;
  change: (change: TermChange) => void;
}

/** The sign of a term: a click reverses it; the arrow keys and dragging change the weight. */
export function SignButton({ term, label, isOld, change }: SignButtonProps) {
  const { sign, weight } = term;
  // Set while the line is not parsed yet.
  const [wanted, setWanted] = useState<number | null>(null);
  const [isDragging, setDragging] = useState(false);
  const drag = useRef({ x: 0, isMoved: false });
  useEffect(() => {
    if (wanted === null || isOld || isDragging) return;
    if (wanted === weight) setWanted(null);
    else change({ weight: wanted });
  }, [wanted, isOld, isDragging, weight]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    setWanted((last) => limitedWeight((last ?? weight) + step * STEP));
  };
  const onPointerDown = (event: PointerEvent<HTMLButtonElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, isMoved: false };
    setDragging(true);
  };
  const onPointerMove = ({ clientX }: PointerEvent) => {
    const steps = Math.round((clientX - drag.current.x) / PIXELS_PER_STEP);
    if (!isDragging || (!steps && !drag.current.isMoved)) return;
    drag.current.isMoved = true;
    setWanted(limitedWeight(weight + steps * STEP));
  };
  const onClick = () => {
    const isDragged = drag.current.isMoved;
    drag.current.isMoved = false;
    if (!isDragged && !isOld) change({ sign: sign === "-" ? "+" : "-" });
  };
  return (
    <button
      type="button"
      className="ffs-sign"
      data-cy="faiss-chip-sign"
      aria-disabled={isOld}
      aria-label={`${sign === "-" ? "Less" : "More"} of ${label}, weight ${wanted ?? weight}`}
      title="Click: more or less of this. Arrow keys or drag: the weight"
      {...{ onKeyDown, onPointerDown, onPointerMove, onClick }}
      onPointerUp={() => setDragging(false)}
      onPointerCancel={() => setDragging(false)}
    >
      {sign === "-" ? "−" : "+"}
      {wanted !== null && wanted !== weight && ` ${wanted} ×`}
    </button>
  );
}
