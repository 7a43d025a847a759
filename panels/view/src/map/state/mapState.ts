// What a person chose in the panel "FAISS Map", by dataset. It is kept in the browser's storage.
import type { ColorChoice, GridState } from "../../generated.ts";
import { parsedFields } from "../../state/parsedFields.ts";

export type MapTabName = "map" | "matrix";

/** What a lasso does with the points inside: shows them in the grid, or selects them there. */
export type PointAction = "show" | "select";

/** What colors the points: a choice, the scores of the last search, or nothing. */
export type ColorBy = ColorChoice | "query" | null;

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
}

const INITIAL_VIEW: MapView = {
  tab: "map",
  visKey: null,
  color: null,
  action: "show",
  hasThumbnails: true,
  nearest: 25,
  grid: {},
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
