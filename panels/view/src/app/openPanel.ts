import { isLinkNew } from "../state/link.ts";

const PANEL = "similarity_search_faiss";
const PERIOD_MS = 300;
const MAX_TRIES = 100;

/** Opens the panel beside the grid, or shows it if it is open. */
export function openPanel(): void {
  const params = { name: PANEL, isActive: true, layout: "horizontal" };
  void window.__foo__.executeOperator("open_panel", params);
}

/** Opens the panel once the App can, if the page's address has a search. */
export function openPanelForLink(tries = 0): void {
  if (!isLinkNew() || tries >= MAX_TRIES) return;
  const isReady = document.querySelector('[data-cy="new-panel-btn"]');
  if (isReady) openPanel();
  else setTimeout(() => openPanelForLink(tries + 1), PERIOD_MS);
}
