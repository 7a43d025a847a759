import { useEffect, useState } from "react";
import { isFailure, type Server } from "../app/server.ts";

/** A result, or a near-duplicate, that may be a frame without an image file. */
export interface Framed {
  id: string;
  frame_number?: number | null;
}

interface Asked {
  patches_field: string | null;
  dataset?: string;
}

// A batch is on the page before the next one is decoded.
const BATCH = 12;
const MAX_KEPT = 2_000;
// By id; null while it is decoded, and for a frame that cannot be. These outlive the component.
const images = new Map<string, string | null>();

/** The images of frames as data URLs, by id; requested in batches. */
export function useFrameImages(
  server: Server,
  results: Framed[],
  { patches_field, dataset }: Asked
): ReadonlyMap<string, string | null> {
  const [, setCount] = useState(0);
  useEffect(() => {
    const missing = results.filter((result) => result.frame_number && !images.has(result.id));
    if (!missing.length) return;
    if (images.size > MAX_KEPT) images.clear();
    const ids = missing.map(({ id }) => id);
    ids.forEach((id) => images.set(id, null));
    const where = { patches_field, ...(dataset && { dataset }) };
    void decode(server, ids, where, () => setCount((count) => count + 1));
  }, [server, results, patches_field, dataset]);
  return images;
}

async function decode(
  server: Server,
  ids: string[],
  where: Asked,
  onBatch: () => void
): Promise<void> {
  for (let start = 0; start < ids.length; start += BATCH) {
    const answer = await server("frames", { ids: ids.slice(start, start + BATCH), ...where });
    if (isFailure(answer)) ids.slice(start).forEach((id) => images.delete(id));
    if (isFailure(answer)) return;
    Object.entries(answer.images).forEach(([id, url]) => images.set(id, url));
    onBatch();
  }
}
