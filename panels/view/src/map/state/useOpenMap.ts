import { useEffect, useState } from "react";
import { isFailure, type Server } from "../../app/server.ts";
import type { DrawnMap } from "../../generated.ts";
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

/** The points of a map; `reopen` reads them again. */
export function useOpenMap(server: Server, visKey: string | null) {
  const [opened, setOpened] = useState<{ visKey: string; map: OpenMap | null; error: string | null }>();
  const [count, setCount] = useState(0);
  useEffect(() => {
    if (visKey === null) return undefined;
    let isCurrent = true;
    void server("draw_map", { vis_key: visKey }).then((answer) => {
      if (!isCurrent) return;
      if (isFailure(answer)) setOpened({ visKey, map: null, error: answer.error });
      else setOpened({ visKey, map: openMapOf(answer), error: null });
    });
    return () => {
      isCurrent = false;
    };
  }, [server, visKey, count]);
  const isKnown = opened?.visKey === visKey;
  const reopen = () => setCount((before) => before + 1);
  return { map: (isKnown && opened?.map) || null, error: (isKnown && opened?.error) || null, reopen };
}
