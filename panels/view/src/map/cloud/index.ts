// The entry of the file that draws points; see ../../app/chunks.ts.
import { type CloudOptions, PointCloud } from "./PointCloud.ts";

/** Draws points on a canvas; null if the browser has no WebGL. */
export function createCloud(options: CloudOptions): PointCloud | null {
  const context = options.canvas.getContext("webgl2", { alpha: true, antialias: false });
  return context && new PointCloud(options, context);
}
