import React from "react";
import { IndexedPanel, type IndexedPanelProps } from "../components/IndexedPanel.tsx";
import { CuratePage } from "./CuratePage.tsx";

const PURPOSE = "to find duplicates, outliers, wrong labels and clusters";

/** The page of the panel "FAISS Curate". */
export function CuratePanel(props: IndexedPanelProps) {
  return <IndexedPanel {...props} Page={CuratePage} purpose={PURPOSE} />;
}
