// FiftyOne shows an image file as a panel's icon only for its own panels, so the panel's entry in
// the registry gets a component.
import React, { type CSSProperties } from "react";

const PANEL = "similarity_search_faiss";

/** The panel's icon: a lens over pictures, the nearest of which is filled. */
function PanelIcon({ style }: { style?: CSSProperties }) {
  return React.createElement(
    "svg",
    {
      viewBox: "0 0 24 24",
      width: 16,
      height: 16,
      fill: "none",
      stroke: "currentColor",
      strokeWidth: 2,
      strokeLinecap: "round",
      strokeLinejoin: "round",
      "aria-hidden": true,
      "data-cy": "faiss-icon",
      style: { marginRight: "0.5rem", ...style },
    },
    React.createElement("path", { d: "M3 3h6v6H3zM13 3h6v4M3 13h4v6" }),
    React.createElement("path", { d: "M10.5 14a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0M18.3 17.3L22 21" }),
    React.createElement("circle", { cx: 15, cy: 14, r: 1.4, fill: "currentColor" })
  );
}

/** Gives the panel its icon, now and whenever the App registers the panel again. */
export function showPanelIcon(): void {
  const { subscribeToRegistry, getByType, PluginComponentType } = window.__fop__;
  const show = () => {
    const panel = getByType(PluginComponentType.Panel).find(({ name }) => name === PANEL);
    if (panel) panel.Icon = PanelIcon;
  };
  subscribeToRegistry(show);
  show();
}
