import React from "react";
import type { MapPageState } from "./state/useMapPage.ts";

/** The distances of some samples from each other. */
export function MatrixTab({ page }: { page: MapPageState }) {
  return <p className="ffs-note">Select samples of {page.dataset} in the grid.</p>;
}
