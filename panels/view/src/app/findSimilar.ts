import { updateState } from "../state/store.ts";
import { openPanel } from "./openPanel.ts";
import { toSelection } from "./useSelection.ts";

const PLUGIN = "@fiftyone-faiss/similarity";

interface Hooks {
  dataset: string | null;
  selected: SelectedSamples;
}

/** Registers the button "Find similar" of the grid: it searches with the panel. */
export function registerFindSimilar(): void {
  const { Operator, OperatorConfig, registerOperator, types } = window.__foo__;
  const label = "Find similar";
  const icon = "image_search";

  class FindSimilarInPanel extends Operator {
    get config() {
      return new OperatorConfig({ name: "find_similar_in_panel", label, icon, unlisted: true });
    }
    useHooks(): Hooks {
      const { useRecoilValue } = window.recoil;
      return {
        dataset: useRecoilValue(window.__fos__.datasetName),
        selected: useRecoilValue(window.__fos__.selectedSamples),
      };
    }
    async resolvePlacement() {
      const place = types.Places.SAMPLES_GRID_SECONDARY_ACTIONS;
      return new types.Placement(place, new types.Button({ label, icon, prompt: false }));
    }
    async execute({ hooks }: { hooks: Hooks }) {
      findSimilar(hooks);
    }
  }
  registerOperator(FindSimilarInPanel, PLUGIN);
}

function findSimilar({ dataset, selected }: Hooks): void {
  if (!dataset) return;
  if (!selected.size) {
    const message = "Select one or more samples in the grid, then click “Find similar”.";
    void window.__foo__.executeOperator("notify", { message, variant: "warning" });
    return;
  }
  // The index and the other options stay those that the panel used last.
  updateState(dataset, {
    query: "@selected",
    uploads: {},
    selection: toSelection(selected),
    pending: "search",
  });
  openPanel();
}
