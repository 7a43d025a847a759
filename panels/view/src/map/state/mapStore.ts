import { keptStore } from "../../state/keptStore.ts";
import { mapViewFrom } from "./mapState.ts";

/** What a person chose for a dataset. */
export const { get: getMapView, use: useMapView } = keptStore("fiftyone-faiss.map", mapViewFrom);
