import React, { useMemo, useRef, useState } from "react";
import { useIsDark } from "../../app/useIsDark.ts";
import { counted } from "../../format/numbers.ts";
import type { MapPageState } from "../state/useMapPage.ts";
import { type Cell, labelCounts, type Matrix } from "./cells.ts";
import { MatrixCanvas } from "./MatrixCanvas.tsx";
import { MatrixLegend } from "./MatrixLegend.tsx";
import { PairCard } from "./PairCard.tsx";
import { PairExplanation } from "./PairExplanation.tsx";

interface MatrixViewProps {
  page: MapPageState;
  matrix: Matrix;
}

/** A matrix, the pair under the pointer, and the explanation of a pair. */
export function MatrixView({ page, matrix }: MatrixViewProps) {
  const root = useRef<HTMLDivElement>(null);
  const isDark = useIsDark(root);
  const look = useMemo(() => ({ isDark }), [isDark]);
  const [current, setCurrent] = useState<Cell | null>(null);
  const [opened, setOpened] = useState<Cell | null>(null);
  const order = page.view.matrix.isByLabel ? matrix.label_order : matrix.order;
  const counts = useMemo(() => labelCounts(matrix.labels), [matrix]);
  const codes = useMemo(() => new Map([...counts.keys()].map((label, i) => [label, i])), [counts]);
  const places = ({ row, column }: Cell): [number, number] => [order[row]!, order[column]!];
  const noun = matrix.patches_field === null ? "sample" : "label";
  const open = (cell: Cell) => {
    if (cell.row !== cell.column) setOpened(cell);
  };
  const close = () => setOpened(null);
  return (
    <div ref={root}>
      {opened && <PairExplanation {...{ page, matrix, close }} places={places(opened)} />}
      <div className="ffs-matrix-area">
        <MatrixCanvas
          {...{ matrix, order, codes, look, current, setCurrent, open }}
          label={`Distances of ${counted(matrix.ids.length, noun)} from each other`}
          places={current && places(current)}
        />
        <div className="ffs-matrix-side">
          <MatrixLegend {...{ matrix, counts, codes, look }} />
          <PairCard {...{ page, matrix }} places={current && places(current)} />
        </div>
      </div>
    </div>
  );
}
