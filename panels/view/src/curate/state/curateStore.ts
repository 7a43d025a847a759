import { keptStore } from "../../state/keptStore.ts";
import { type CurateView, viewFrom } from "./curateState.ts";

export type UpdateView = (change: Partial<CurateView>) => void;

/** What a person chose and decided for a dataset. */
export const { get: getView, use: useCurateView } = keptStore("fiftyone-faiss.curate", viewFrom);
