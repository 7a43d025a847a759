import React from "react";
import { Explanation } from "../../explanation/Explanation.tsx";
import { fileName } from "../../format/tile.ts";
import type { MapPageState } from "../state/useMapPage.ts";
import type { Matrix } from "./cells.ts";

interface PairExplanationProps {
  page: MapPageState;
  matrix: Matrix;
  places: [number, number];
  close: () => void;
}

/** Why the two samples of a cell match. */
export function PairExplanation({ page, matrix, places, close }: PairExplanationProps) {
  const [a = "", b = ""] = places.map((place) => matrix.ids[place]);
  const [labelA = "", labelB = ""] = places.map((place) => {
    const name = fileName(matrix.files.get(matrix.ids[place]!)?.filepath ?? null);
    return [matrix.labels[place], name].filter(Boolean).join(": ");
  });
  return (
    <Explanation
      key={`${a} ${b}`}
      server={page.server}
      request={{ query_type: "samples", sample_ids: [a], id: b, brain_key: matrix.brain_key }}
      queryLabel={labelA}
      matchLabel={labelB}
      close={close}
    />
  );
}
