import React from "react";
import { IndexedPanel, type IndexedPanelProps } from "../components/IndexedPanel.tsx";
import { MapPage } from "./MapPage.tsx";

/** The page of the panel "FAISS Map". */
export function MapPanel(props: IndexedPanelProps) {
  return <IndexedPanel {...props} Page={MapPage} purpose="to draw a map of its samples" />;
}
