// What a person chose in the panel "FAISS Map", by dataset. It is kept in the browser's storage.
import type { GridState } from "../../generated.ts";
import { parsedFields } from "../../state/parsedFields.ts";

export type MapTabName = "map" | "matrix";

export interface MapView {
  tab: MapTabName;
  /** What the grid showed before, and what it has shown since. */
  grid: GridState;
}

const INITIAL_VIEW: MapView = { tab: "map", grid: {} };

/** Reads the stored text; what is missing has its default. */
export function mapViewFrom(text: string | null): MapView {
  return { ...INITIAL_VIEW, ...parsedFields<MapView>(text) };
}
