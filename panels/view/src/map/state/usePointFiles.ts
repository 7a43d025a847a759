import { useEffect, useRef, useState } from "react";
import { isFailure } from "../../app/server.ts";
import type { MapFile } from "../../generated.ts";
import type { MapPageState } from "./useMapPage.ts";
import type { OpenMap } from "./useOpenMap.ts";

const MAX_KEPT = 2_000;

/** The files of some points, as far as they are known; the others are asked for. */
export function usePointFiles(
  { server }: MapPageState,
  { vis_key, version }: OpenMap,
  places: number[]
): MapFile[] {
  const known = useRef(new Map<number, MapFile | null>());
  const [, setCount] = useState(0);
  useEffect(() => {
    known.current = new Map();
  }, [version]);
  const key = places.join(" ");
  useEffect(() => {
    const files = known.current;
    const missing = places.filter((place) => !files.has(place));
    if (!missing.length) return;
    if (files.size > MAX_KEPT) files.clear();
    missing.forEach((place) => files.set(place, null));
    void server("map_files", { vis_key, version, places: missing }).then((answer) => {
      if (isFailure(answer)) missing.forEach((place) => files.delete(place));
      else answer.files.forEach((file) => files.set(file.place, file));
      setCount((count) => count + 1);
    });
  }, [server, vis_key, version, key]);
  return places.flatMap((place) => known.current.get(place) ?? []);
}
