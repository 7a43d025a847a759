import React from "react";
import { CompareView } from "../../curate/shared/CompareView.tsx";
import { useFrameImages } from "../../state/useFrameImages.ts";
import type { MapPageState } from "../state/useMapPage.ts";
import { type Matrix, pairText } from "./cells.ts";
import { useFilesAt } from "./PairCard.tsx";

interface PairExplanationProps {
  page: MapPageState;
  matrix: Matrix;
  places: [number, number];
  close: () => void;
}

/** The two pictures of a cell, large. */
export function PairExplanation({ page, matrix, places, close }: PairExplanationProps) {
  const files = useFilesAt(matrix, places);
  const frames = useFrameImages(page.server, files, matrix);
  const [a, b] = files;
  if (!a || !b) return null;
  const [labelA, labelB] = places.map((place) => matrix.labels[place] ?? "") as [string, string];
  return <CompareView {...{ a, b, labelA, labelB, frames, close }} text={pairText(matrix, ...places)} />;
}
