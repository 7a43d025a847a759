import { Panel } from "./Panel.jsx";
import { STYLES } from "./styles.js";

const style = document.createElement("style");
style.textContent = STYLES;
document.head.append(style);

window.__fop__.registerComponent({
  name: "FaissSearchPanel",
  label: "FaissSearchPanel",
  component: Panel,
  type: window.__fop__.PluginComponentType.Component,
  activator: () => true,
});
