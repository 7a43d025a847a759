import controls from "./controls.css";
import curate from "./curate.css";
import curateGroups from "./curate-groups.css";
import curateLabels from "./curate-labels.css";
import curateLists from "./curate-lists.css";
import curateScores from "./curate-scores.css";
import curateSelect from "./curate-select.css";
import drawers from "./drawers.css";
import explanation from "./explanation.css";
import map from "./map.css";
import matrix from "./matrix.css";
import menus from "./menus.css";
import panel from "./panel.css";
import preview from "./preview.css";
import query from "./query.css";
import results from "./results.css";
import scope from "./scope.css";
import status from "./status.css";
import tiles from "./tiles.css";

/** The panel's style sheet. */
export const STYLES = [
  panel,
  query,
  scope,
  controls,
  status,
  menus,
  drawers,
  results,
  tiles,
  preview,
  explanation,
  curate,
  curateLists,
  curateGroups,
  curateLabels,
  curateScores,
  curateSelect,
  map,
  matrix,
].join("");
