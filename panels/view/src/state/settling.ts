// The filters of the sidebar while the App loads the view of an answer.

import type { GridChange, GridState } from "../generated.ts";

/** The grid of a request. While the App loads a view, it does not tell the filters to come. */
export function gridOf({
  grid,
  settling,
}: {
  grid: GridState;
  settling: GridChange | null;
}): GridState {
  return settling ? { ...grid, pending: settling.filters } : grid;
}

/** A value as text, without the random ids of stages. */
export function textOf(value: object | undefined): string {
  return JSON.stringify(value ?? {}, (name, part) => (name === "_uuid" ? undefined : part));
}

const NONE = textOf({});

interface Change {
  before: string;
  now: string;
  /** The filters that there should be. */
  wanted: string;
  /** Whether a person has just used the sidebar. */
  isSidebarUsed: boolean;
}

/** Whether a person has changed the filters; the App itself only drops them. */
export function isByHand({ before, now, wanted, isSidebarUsed }: Change): boolean {
  if (now === before || now === wanted) return false;
  return isSidebarUsed || now !== NONE;
}

/** Whether the App has dropped the filters that there should be. */
export function isDropped({ before, now, wanted, isSidebarUsed }: Change): boolean {
  return !isSidebarUsed && before === wanted && now === NONE && wanted !== NONE;
}
