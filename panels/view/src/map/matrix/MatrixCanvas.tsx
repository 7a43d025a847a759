import React, { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import { type Cell, cellAt, movedBy, pairText } from "./cells.ts";
import { cellsImage, type Drawing, drawMatrix, originOf } from "./drawMatrix.ts";

const KEY_HELP =
  "Arrow keys move from cell to cell, Page Up and Page Down by ten, Home and End to the ends of a " +
  "row. Enter explains why the two match.";

interface MatrixCanvasProps extends Drawing {
  label: string;
  /** The places of the current cell. */
  places: [number, number] | null;
  setCurrent: (cell: Cell | null) => void;
  open: (cell: Cell) => void;
}

/** The cells of a matrix, which a person points at, clicks and walks through. */
export function MatrixCanvas(props: MatrixCanvasProps) {
  const { matrix, order, codes, look, current, label, places, setCurrent, open } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSide(canvas);
  const cells = useMemo(() => {
    const pixels = document.createElement("canvas");
    pixels.width = pixels.height = order.length;
    pixels.getContext("2d")?.putImageData(cellsImage({ matrix, order, look }), 0, 0);
    return pixels;
  }, [matrix, order, look]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || !size) return;
    const scale = window.devicePixelRatio || 1;
    canvas.current.width = canvas.current.height = Math.round(size * scale);
    context.scale(scale, scale);
    drawMatrix(context, cells, size, { matrix, order, codes, look, current });
  }, [cells, size, matrix, order, codes, look, current]);
  const cellOf = ({ nativeEvent }: PointerEvent | React.MouseEvent) => {
    const origin = originOf(codes);
    const { offsetX, offsetY } = nativeEvent;
    return cellAt(offsetX - origin, offsetY - origin, size - origin, order.length);
  };
  return (
    <div className="ffs-matrix-canvas">
      <p id="matrix-keys" className="ffs-map-hidden">
        {KEY_HELP}
      </p>
      <canvas
        ref={canvas}
        role="application"
        aria-label={label}
        aria-describedby="matrix-keys"
        tabIndex={0}
        data-cy="matrix-cells"
        data-count={order.length}
        data-origin={originOf(codes)}
        data-cell={current ? `${current.row} ${current.column}` : ""}
        data-ids={places ? places.map((place) => matrix.ids[place]).join(" ") : ""}
        onPointerMove={(event) => {
          const cell = cellOf(event);
          if (cell && (cell.row !== current?.row || cell.column !== current.column)) setCurrent(cell);
        }}
        onClick={(event) => {
          const cell = cellOf(event);
          if (cell) open(cell);
        }}
        onFocus={() => current ?? setCurrent({ row: 0, column: Math.min(1, order.length - 1) })}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          const cell = current ?? { row: 0, column: 0 };
          const moved = movedBy(event.key, cell, order.length);
          if (moved) setCurrent(moved);
          else if (event.key === "Enter" || event.key === "e") open(cell);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <p className="ffs-map-hidden" role="status">
        {places && pairText(matrix, ...places)}
      </p>
    </div>
  );
}

/** The side of the square of an element, in pixels. */
function useSide(element: { current: HTMLElement | null }): number {
  const [side, setSide] = useState(0);
  useEffect(() => {
    if (!element.current) return undefined;
    const observed = element.current;
    const observer = new ResizeObserver(() => setSide(observed.clientWidth));
    observer.observe(observed);
    return () => observer.disconnect();
  }, [element]);
  return side;
}
