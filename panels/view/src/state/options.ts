import type { SavedParams, Templates } from "../generated.ts";

/** The wanted values, by the name of a field. */
export type Filters = Record<string, string[]>;

/** How and where to search; numbers are text while they are typed. */
export interface SearchOptions {
  brain_key: string | null;
  k: string | number;
  scope: string;
  reverse: boolean;
  templates: Templates;
  diversity: number;
  collapse: boolean | number;
  hubness: boolean;
  thresh: string | number;
  filters: Filters;
}

export const DEFAULT_OPTIONS: SearchOptions = {
  brain_key: null,
  k: "25",
  // What the grid shows: the dataset, unless a view or a filter is chosen.
  scope: "view",
  reverse: false,
  templates: "off",
  diversity: 0,
  collapse: false,
  hubness: false,
  thresh: "",
  filters: {},
};

export const OPTION_NAMES = Object.keys(DEFAULT_OPTIONS) as (keyof SearchOptions)[];

/** The options of a saved search; those that it does not name are those of the server. */
export function optionsFrom(params: SavedParams): SearchOptions {
  const given = OPTION_NAMES.filter((name) => params[name] !== undefined && params[name] !== null);
  const values = Object.fromEntries(given.map((name) => [name, params[name]]));
  return { ...DEFAULT_OPTIONS, scope: "dataset", ...values };
}

/** How many of the options behind the button differ from their defaults. */
export function countChanged(options: SearchOptions): number {
  const { reverse, templates, diversity, collapse, hubness, thresh } = options;
  const changed = [reverse, templates !== "off", diversity > 0, collapse, hubness, thresh !== ""];
  return changed.filter(Boolean).length;
}

/** A saved view as a value of `scope`, in which "dataset" and "view" have other meanings. */
export function scopeOfView(name: string): string {
  return /^(dataset|view|saved:.*)$/.test(name) ? `saved:${name}` : name;
}
