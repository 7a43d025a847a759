import { useEffect, useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import type { DrawnMap, MapEntry } from "../../generated.ts";
import { type Normalized, normalized } from "../cloud/geometry.ts";
import { codesOf, floatsOf } from "./arrays.ts";

/** A map with its points. */
export interface OpenMap extends Omit<DrawnMap, "points" | "placed">, Normalized {
  /** 1 for points that were placed later; empty if there are none. */
  placed: Uint8Array;
}

export function openMapOf({ points, placed, ...others }: DrawnMap): OpenMap {
  return { ...others, ...normalized(floatsOf(points), others.num_dims), placed: codesOf(placed) };
}

/** The coordinates of a point, among normalized points. */
export function pointOf({ points, num_dims: dims }: OpenMap, place: number): Float32Array {
  return points.subarray(place * dims, (place + 1) * dims);
}

/** The points of a map, read again when points were placed on it; `reopen` reads them again, too. */
export function useOpenMap(server: Server, { vis_key, count }: MapEntry) {
  const [opened, setOpened] = useState<OpenMap | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    void server("draw_map", { vis_key }).then((answer) => {
      if (!isCurrent) return;
      setError(isFailure(answer) ? answer.error : null);
      if (!isFailure(answer)) setOpened(openMapOf(answer));
    });
    return () => {
      isCurrent = false;
    };
  }, [server, vis_key, count, tries]);
  const map = opened?.vis_key === vis_key ? opened : null;
  return { map, error, reopen: () => setTries((before) => before + 1) };
}
