import { type RefObject, useEffect } from "react";

const keyOf = (dataset: string) => `fiftyone-faiss.scroll/${dataset}`;

/** Keeps how far the panel is scrolled, also while the App unmounts it. */
export function useScrollMemory(root: RefObject<HTMLElement>, dataset: string): void {
  useEffect(() => {
    const panel = root.current;
    if (!panel) return undefined;
    panel.scrollTop = Number(localStorage.getItem(keyOf(dataset))) || 0;
    const onScroll = () => localStorage.setItem(keyOf(dataset), String(Math.round(panel.scrollTop)));
    panel.addEventListener("scrollend", onScroll);
    return () => panel.removeEventListener("scrollend", onScroll);
  }, [root, dataset]);
}
