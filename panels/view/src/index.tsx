import { showPanelIcon } from "./app/icon.ts";
import { CuratePanel } from "./curate/CuratePanel.tsx";
import { SearchPanel } from "./components/SearchPanel.tsx";
import { registerFindSimilar } from "./app/findSimilar.ts";
import { openPanelForLink } from "./app/openPanel.ts";
import { MapPanel } from "./map/MapPanel.tsx";
import { keepSearches } from "./state/keeping.ts";
import { STYLES } from "./styles/index.ts";

const style = document.createElement("style");
style.textContent = STYLES;
document.head.append(style);

const COMPONENTS = {
  FaissSearchPanel: SearchPanel,
  FaissCuratePanel: CuratePanel,
  FaissMapPanel: MapPanel,
};

for (const [name, component] of Object.entries(COMPONENTS)) {
  window.__fop__.registerComponent({
    name,
    label: name,
    component,
    type: window.__fop__.PluginComponentType.Component,
    activator: () => true,
  });
}

showPanelIcon();
keepSearches();
registerFindSimilar();
openPanelForLink();
