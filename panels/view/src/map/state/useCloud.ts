import { type RefObject, useEffect, useRef, useState } from "react";
import { loadChunk } from "../../app/chunks.ts";
import { projected } from "../cloud/geometry.ts";
import type { createCloud } from "../cloud/index.ts";
import type { PointCloud } from "../cloud/PointCloud.ts";
import type { OpenMap } from "./useOpenMap.ts";

/** The points of a map on the screen. */
export interface CloudView {
  cloud: PointCloud;
  width: number;
  height: number;
  /** x and y of each point in pixels. */
  screen: () => Float32Array;
  /** Calls a listener after each move of the map; returns a function that ends that. */
  subscribe: (listener: () => void) => () => void;
}

export type CloudState = "loading" | "ready" | "missing" | "lost" | "failed";

/** Draws a map on a canvas, as large as its parent. */
export function useCloud(
  canvas: RefObject<HTMLCanvasElement>,
  map: OpenMap
): { view: CloudView | null; state: CloudState } {
  const [view, setView] = useState<CloudView | null>(null);
  const [state, setState] = useState<CloudState>("loading");
  const { points, num_dims: dims, placed } = map;
  const current = useRef<CloudView | null>(null);
  useEffect(() => {
    const element = canvas.current;
    const box = element?.parentElement;
    if (!element || !box) return undefined;
    let isOver = false;
    let known: Float32Array | null = null;
    const listeners = new Set<() => void>();
    const onChange = () => {
      known = null;
      listeners.forEach((listener) => listener());
    };
    const open = ({ createCloud: create }: { createCloud: typeof createCloud }) => {
      if (isOver) return;
      const cloud = create({ canvas: element, points, dims, placed, onChange });
      setState(cloud ? "ready" : "missing");
      if (!cloud) return;
      const own: CloudView = {
        cloud,
        width: box.clientWidth,
        height: box.clientHeight,
        screen: () => (known ??= projected(points, dims, cloud.matrix, own.width, own.height)),
        subscribe: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      };
      current.current = own;
      cloud.resize(own.width, own.height);
      setView(own);
    };
    loadChunk<{ createCloud: typeof createCloud }>("cloud").then(open, () => setState("failed"));
    const observer = new ResizeObserver(() => {
      const own = current.current;
      if (!own) return;
      Object.assign(own, { width: box.clientWidth, height: box.clientHeight });
      own.cloud.resize(own.width, own.height);
    });
    observer.observe(box);
    const onLost = () => setState("lost");
    const onRestored = () => setState("ready");
    element.addEventListener("webglcontextlost", onLost);
    element.addEventListener("webglcontextrestored", onRestored);
    return () => {
      isOver = true;
      observer.disconnect();
      element.removeEventListener("webglcontextlost", onLost);
      element.removeEventListener("webglcontextrestored", onRestored);
      current.current?.cloud.dispose();
      current.current = null;
    };
  }, [canvas, points, dims, placed]);
  return { view, state };
}
