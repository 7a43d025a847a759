import React, { type SyntheticEvent, useState } from "react";
import type { BoundingBox } from "../../generated.ts";
import { boxIn, cropOf, type Place, type Size, SURROUNDINGS, wholeOf } from "../../format/crop.ts";
import type { TilePrefs } from "../../state/tilePrefs.ts";

interface TileImageProps {
  /** The address of the image; null while a frame is decoded. */
  source: string | null;
  box: BoundingBox | null;
  fit: TilePrefs["fit"];
  /** For a box, how many times longer the shown part of the image is. */
  margin?: number;
  hasOutline?: boolean;
}

/** An image in a square: all of it, a square of it, or the surroundings of a box, with the box. */
export function TileImage(props: TileImageProps) {
  const { source, box, fit, margin = SURROUNDINGS, hasOutline = true } = props;
  const [loaded, setLoaded] = useState<{ source: string; size: Size } | null>(null);
  if (!source) return <span className="ffs-no-image" />;
  const size = loaded?.source === source ? loaded.size : null;
  const onLoad = ({ currentTarget }: SyntheticEvent<HTMLImageElement>) => {
    const { naturalWidth, naturalHeight } = currentTarget;
    setLoaded({ source, size: [naturalWidth || 1, naturalHeight || 1] });
  };
  return (
    <>
      <img
        src={source}
        alt=""
        loading="lazy"
        draggable={false}
        style={size ? styleOf(box, fit, size, margin) : { visibility: "hidden" }}
        onLoad={onLoad}
      />
      {box && size && hasOutline && (
        <span className="ffs-box" data-cy="faiss-box" style={{ ...boxIn(box, size, margin) }} />
      )}
    </>
  );
}

function styleOf(
  box: BoundingBox | null,
  fit: TilePrefs["fit"],
  size: Size,
  margin: number
): Place | { objectFit: "cover" } {
  if (box) return cropOf(box, size, margin);
  return fit === "cover" ? { objectFit: "cover" } : wholeOf(size);
}
