// The panel's keys; the query line and the results have their own.
import type { KeyboardEvent } from "react";
import { focusQuery, focusResults, focusTag } from "./focus.ts";

/** The element that has the focus. */
export type FocusedKind = "button" | "field" | "panel" | "other";

export type PanelAction =
  | "press"
  | "close"
  | "focusQuery"
  | "focusResults"
  | "toggleHelp"
  | "rerank"
  | "focusTag";

const ACTIONS: Record<string, PanelAction> = {
  "/": "focusQuery",
  "?": "toggleHelp",
  r: "rerank",
  t: "focusTag",
  T: "focusTag",
};

/** What a key without a modifier does; null where the panel does not use it. */
export function panelAction(key: string, focused: FocusedKind): PanelAction | null {
  if (focused === "button" && (key === "Enter" || key === " ")) return "press";
  if (key === "Escape") return "close";
  if (focused === "field") return null;
  if (key === "ArrowDown") return focused === "panel" ? "focusResults" : null;
  return ACTIONS[key] ?? null;
}

export interface PanelKeyActions {
  /** Closes the open drawer, and tells whether one was open. */
  close: () => boolean;
  toggleHelp: () => void;
  rerank: () => void;
}

/** Acts on a key of the panel, and keeps it from the App, which uses some of the same keys. */
export function onPanelKey(event: KeyboardEvent<HTMLElement>, actions: PanelKeyActions): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target as HTMLElement;
  const action = panelAction(event.key, focusedKind(target, event.currentTarget));
  if (!action) return;
  event.stopPropagation();
  // The browser presses the button, unless the App prevents that.
  if (action === "press") return;
  event.preventDefault();
  if (action === "toggleHelp") actions.toggleHelp();
  else if (action === "rerank") actions.rerank();
  else if (action === "focusTag") focusTag(target);
  else if (action === "focusResults") focusResults(target);
  else if (action === "focusQuery" || !actions.close()) focusQuery(target);
}

/** Keeps a key that presses a button in the panel: the App would prevent that. */
export function keepPress(event: KeyboardEvent<HTMLElement>): void {
  const isPress = event.key === "Enter" || event.key === " ";
  if (isPress && (event.target as HTMLElement).matches("button, summary")) event.stopPropagation();
}

function focusedKind(target: HTMLElement, panel: HTMLElement): FocusedKind {
  if (target === panel) return "panel";
  if (target.matches("button")) return "button";
  const fields = "input:not([type=checkbox], [type=range]), textarea, select";
  return target.matches(fields) ? "field" : "other";
}
