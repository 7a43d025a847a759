import { mediaUrl } from "../../app/viewer.ts";
import type { Framed } from "../../state/useFrameImages.ts";

/** The address of a result's image; null while its frame is decoded from the video. */
export function sourceOf(
  result: Framed & { filepath: string | null },
  images: ReadonlyMap<string, string | null>
): string | null {
  return result.frame_number ? (images.get(result.id) ?? null) : mediaUrl(result.filepath);
}
