import { Panel } from "./Panel.jsx";
import { STYLES } from "./styles.js";
import { RESULT_STYLES } from "./stylesOfResults.js";

const style = document.createElement("style");
style.textContent = STYLES + RESULT_STYLES;
document.head.append(style);

window.__fop__.registerComponent({
  name: "FaissSearchPanel",
  label: "FaissSearchPanel",
  component: Panel,
  type: window.__fop__.PluginComponentType.Component,
  activator: () => true,
});
