// The keys of a result in the grid.
import type { KeyboardEvent } from "react";
import type { Rating } from "../state/searchState.ts";
import { nextIndex } from "./gridNavigation.ts";

const RATING_KEYS: Record<string, Rating> = { "+": "liked", "=": "liked", "-": "disliked" };

/** What the keys of a result do; those that are missing are left to the panel. */
export interface GridKeyActions {
  select?: ((id: string) => void) | undefined;
  selectAll?: (() => void) | undefined;
  rate?: ((id: string, rating: Rating) => void) | undefined;
  tag?: ((id: string) => void) | undefined;
  exclude?: ((id: string) => void) | undefined;
  expand: (id: string) => void;
  explain?: ((id: string) => void) | undefined;
  preview: (id: string) => void;
  /** Hides the preview, and tells whether it was shown. */
  hidePreview: () => boolean;
}

/** Acts on a key of a focused result, and keeps it from the panel and the App. */
export function onGridKey(event: KeyboardEvent<HTMLElement>, actions: GridKeyActions): void {
  const button = (event.target as Element).closest<HTMLElement>(".ffs-open");
  if (!button || event.altKey) return;
  const isHandled =
    event.ctrlKey || event.metaKey
      ? onControlKey(event, actions)
      : onPlainKey(event, button, actions);
  if (!isHandled) return;
  event.preventDefault();
  event.stopPropagation();
}

function onControlKey({ key }: KeyboardEvent, { selectAll }: GridKeyActions): boolean {
  if (key !== "a" || !selectAll) return false;
  selectAll();
  return true;
}

function onPlainKey(
  { key, currentTarget }: KeyboardEvent<HTMLElement>,
  button: HTMLElement,
  actions: GridKeyActions
): boolean {
  const id = button.dataset.id ?? "";
  const rating = RATING_KEYS[key];
  const act = rating && actions.rate ? () => actions.rate?.(id, rating) : actionOf(key, id, actions);
  if (act) {
    act();
    // Tagging goes on to the next result.
    if (key === "t") move(currentTarget, button, "ArrowRight");
    return true;
  }
  if (key === "Escape") return actions.hidePreview();
  // At an edge of the grid, the page does not scroll either.
  return move(currentTarget, button, key) || /^(Arrow|Home|End)/.test(key);
}

function actionOf(key: string, id: string, actions: GridKeyActions): (() => void) | undefined {
  const { select, tag, exclude, expand, explain, preview } = actions;
  if ((key === " " || key === "x") && select) return () => select(id);
  if (key === "t" && tag) return () => tag(id);
  if (key === "Delete" && exclude) return () => exclude(id);
  if (key === "e" && explain) return () => explain(id);
  if (key === "p") return () => preview(id);
  return key === "d" ? () => expand(id) : undefined;
}

function move(grid: HTMLElement, from: HTMLElement, key: string): boolean {
  const all = [...grid.querySelectorAll<HTMLElement>(".ffs-open")];
  const boxes = all.map((element) => element.getBoundingClientRect());
  const next = nextIndex(boxes, all.indexOf(from), key);
  if (next !== undefined) all[next]?.focus();
  return next !== undefined;
}
