import React from "react";
import type { MapPageState } from "./state/useMapPage.ts";

/** A map of the samples of an index. */
export function MapTab({ page }: { page: MapPageState }) {
  return <p className="ffs-note">{page.dataset} has no map yet.</p>;
}
