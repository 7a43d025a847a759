import { showPanelIcon } from "./app/icon.ts";
import { SearchPanel } from "./components/SearchPanel.tsx";
import { STYLES } from "./styles/index.ts";

const style = document.createElement("style");
style.textContent = STYLES;
document.head.append(style);

window.__fop__.registerComponent({
  name: "FaissSearchPanel",
  label: "FaissSearchPanel",
  component: SearchPanel,
  type: window.__fop__.PluginComponentType.Component,
  activator: () => true,
});

showPanelIcon();
