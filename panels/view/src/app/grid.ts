// The App's grid, and the images of the page, which it must not delay.
import type { AppGrid } from "../state/requests.ts";

const PERIOD_MS = 20;
const MAX_MS = 1_500;
const IMAGES = '[data-cy="faiss-result"] img';

export const APP_GRID: AppGrid = {
  show: (stages) => void window.__foo__.executeOperator("set_view", { view: stages }),
  whenDrawn: () => new Promise((resolve) => wait(resolve, performance.now() + MAX_MS)),
};

function wait(resolve: () => void, end: number): void {
  // A hidden tab draws nothing, and its timers run.
  setTimeout(() => {
    if (document.hidden || areDrawn() || performance.now() > end) resolve();
    else wait(resolve, end);
  }, PERIOD_MS);
}

/** Whether all images in sight are loaded; those below load on scrolling. */
function areDrawn(): boolean {
  const images = [...document.querySelectorAll<HTMLImageElement>(IMAGES)];
  const inSight = images.filter((image) => image.getBoundingClientRect().top < innerHeight);
  return inSight.every((image) => image.complete);
}
