import { useSyncExternalStore } from "react";
import { prefsFrom, type TilePrefs } from "./tilePrefs.ts";

const KEY = "fiftyone-faiss.tiles";

let prefs: TilePrefs | null = null;
const listeners = new Set<() => void>();

function read(): TilePrefs {
  prefs ??= prefsFrom(localStorage.getItem(KEY));
  return prefs;
}

export function updateTilePrefs(change: Partial<TilePrefs>): void {
  prefs = { ...read(), ...change };
  localStorage.setItem(KEY, JSON.stringify(prefs));
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function useTilePrefs(): TilePrefs {
  return useSyncExternalStore(subscribe, read);
}
