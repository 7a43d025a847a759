// What a person chose in the panel "FAISS Map", by dataset. It is kept in the browser's storage.
import type { ColorChoice, GridState } from "../../generated.ts";
import { parsedFields } from "../../state/parsedFields.ts";

export type MapTabName = "map" | "matrix";

/** What a lasso does with the points inside: shows them in the grid, or selects them there. */
export type PointAction = "show" | "select";

/** What colors the points: a choice, the scores of the last search, or nothing. */
export type ColorBy = ColorChoice | "query" | null;

/** What a matrix compares: what is selected in the grid, the last results, or what the grid shows. */
export type MatrixSource = "selection" | "results" | "grid";

export interface MatrixChoice {
  brainKey: string | null;
  /** null for the first of the sources that has two to compare. */
  source: MatrixSource | null;
  labelField: string | null;
  isByLabel: boolean;
}

export interface MapView {
  tab: MapTabName;
  /** The map that was open last. */
  visKey: string | null;
  color: ColorBy;
  action: PointAction;
  hasThumbnails: boolean;
  /** How many points are chosen around the query or the middle. */
  nearest: number;
  /** What the grid showed before, and what it has shown since. */
  grid: GridState;
  matrix: MatrixChoice;
}

const INITIAL_VIEW: MapView = {
  tab: "map",
  visKey: null,
  color: null,
  action: "show",
  hasThumbnails: true,
  nearest: 25,
  grid: {},
  matrix: { brainKey: null, source: null, labelField: null, isByLabel: false },
};

/** Reads the stored text; what is missing has its default. */
export function mapViewFrom(text: string | null): MapView {
  return { ...INITIAL_VIEW, ...parsedFields<MapView>(text) };
}

/** A choice of colors as the value of an option. */
export function colorValue(color: ColorBy): string {
  if (color === null || color === "query") return color ?? "";
  return `${color.kind}:${color.name}`;
}

/** The choice that an option stands for. */
export function colorFrom(value: string): ColorBy {
  if (!value || value === "query") return value || null ? "query" : null;
  const [kind = "field"] = value.split(":");
  return { kind: kind as ColorChoice["kind"], name: value.slice(kind.length + 1) };
}
