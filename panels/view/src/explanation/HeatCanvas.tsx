import React, { useLayoutEffect, useRef } from "react";
import type { BoundingBox } from "../generated.ts";
import { type Grid, pixelsOf, type Rgba } from "./heat.ts";

interface HeatCanvasProps {
  values: Grid;
  box: BoundingBox;
  color: (value: number) => Rgba;
  name: string;
}

/** A map over a part of a picture; the browser smooths it. */
export function HeatCanvas({ values, box, color, name }: HeatCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [rows, columns] = [values.length, values[0]?.length ?? 0];
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !rows || !columns) return;
    const image = context.createImageData(columns, rows);
    image.data.set(pixelsOf(values, color));
    context.putImageData(image, 0, 0);
  }, [values, color, rows, columns]);
  const [left, top, width, height] = box.map((part) => `${100 * part}%`);
  return (
    <canvas
      ref={canvas}
      className="ffs-why-heat"
      data-cy={name}
      width={columns}
      height={rows}
      style={{ left, top, width, height }}
      aria-hidden="true"
    />
  );
}
