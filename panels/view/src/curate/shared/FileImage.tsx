import React from "react";
import { mediaUrl } from "../../app/viewer.ts";
import { TileImage } from "../../components/results/TileImage.tsx";
import { fileName } from "../../format/tile.ts";
import type { ResultFile } from "../../generated.ts";

/** The image of a sample, frame or label in a square. */
export function FileImage({ file, frame }: { file: ResultFile; frame?: string | null }) {
  const source = file.frame_number ? (frame ?? null) : mediaUrl(file.filepath);
  return (
    <span className="ffs-image" role="img" aria-label={fileName(file.filepath)}>
      <TileImage source={source} box={file.bounding_box} fit="contain" margin={1.1} hasOutline={false} />
    </span>
  );
}
