import React, { type CSSProperties, type KeyboardEvent, type PointerEvent, useState } from "react";
import type { BoundingBox, ExplanationMap } from "../generated.ts";
import { HeatCanvas } from "./HeatCanvas.tsx";
import {
  type Grid,
  heatColor,
  isWhole,
  moved,
  partnerColor,
  placeOf,
  type Side,
  type Region,
  regionAt,
  type Size,
} from "./heat.ts";

interface MapImageProps {
  which: Side;
  image: string;
  label: string;
  map: ExplanationMap | null;
  /** The regions that can be pointed at; null without pairs. */
  regions: { box: BoundingBox; size: Size } | null;
  /** The region that is pointed at, if it is in this picture. */
  at: Region | null;
  /** The regions that go with one in the other picture. */
  partners: Grid | null;
  point: (at: Region | null) => void;
}

/** A picture with its map, or with the partners of a region in the other picture. */
export function MapImage(props: MapImageProps) {
  const [ratio, setRatio] = useState(1);
  const { which, image, label, map, regions, at, partners, point } = props;
  const onPointerMove = ({ clientX, clientY, currentTarget }: PointerEvent) => {
    if (!regions) return;
    const { left, top, width, height } = currentTarget.getBoundingClientRect();
    point(regionAt((clientX - left) / width, (clientY - top) / height, regions.box, regions.size));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!regions) return;
    const next = moved(at ?? { row: 0, column: 0 }, event.key, regions.size);
    if (!next) return;
    event.preventDefault();
    point(at ? next : { row: 0, column: 0 });
  };
  return (
    <figure className="ffs-why-figure">
      <div
        className="ffs-why-picture"
        style={{ "--ratio": ratio } as CSSProperties}
        data-cy={`why-${which}`}
        role="group"
        tabIndex={regions ? 0 : undefined}
        aria-label={regions ? `${label}; arrow keys choose a region` : label}
        onPointerMove={onPointerMove}
        onPointerLeave={() => point(null)}
        onBlur={() => point(null)}
        onKeyDown={onKeyDown}
      >
        <img
          src={image}
          alt={label}
          draggable={false}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
            setRatio(naturalWidth / Math.max(1, naturalHeight) || 1)
          }
        />
        {partners && regions ? (
          <HeatCanvas
            values={partners}
            box={regions.box}
            color={partnerColor}
            name={`why-partners-${which}`}
          />
        ) : (
          map && (
            <HeatCanvas
              values={map.values}
              box={map.box}
              color={heatColor}
              name={`why-heat-${which}`}
            />
          )
        )}
        {map && !isWhole(map) && <SeenFrame box={map.box} />}
        {at && regions && (
          <span
            className="ffs-why-region"
            data-cy="why-region"
            style={placeOf(at, regions.box, regions.size)}
          />
        )}
      </div>
      <figcaption>{label}</figcaption>
    </figure>
  );
}

function SeenFrame({ box }: { box: BoundingBox }) {
  const [left, top, width, height] = box.map((part) => `${100 * part}%`);
  return <span className="ffs-why-seen" style={{ left, top, width, height }} />;
}
