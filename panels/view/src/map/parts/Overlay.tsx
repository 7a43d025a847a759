import React, { useEffect, useRef, useState } from "react";
import { FileImage } from "../../curate/shared/FileImage.tsx";
import type { MapFile } from "../../generated.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { apart, normalizedPoint, projected, visibleOn } from "../cloud/geometry.ts";
import type { CloudView } from "../state/useCloud.ts";
import type { MapPageState } from "../state/useMapPage.ts";
import type { OpenMap } from "../state/useOpenMap.ts";
import { usePointFiles } from "../state/usePointFiles.ts";

// The side of a thumbnail in pixels; the sizes of `styles/map.css`.
const SIDE = 56;
const MAX_THUMBNAILS = 60;
// Thumbnails show where no more points than this are on the screen, and the map is zoomed in.
const MAX_VISIBLE = 400;
const MIN_ZOOM = 2;
const PAUSE_MS = 120;

interface OverlayProps {
  page: MapPageState;
  map: OpenMap;
  view: CloudView;
}

/** The pictures of some points at their places, while the map is zoomed in. */
export function Thumbnails({ page, map, view }: OverlayProps) {
  const [places, setPlaces] = useState<number[]>([]);
  const box = useRef<HTMLDivElement>(null);
  const files = usePointFiles(page, map, places);
  const frames = useFrameImages(page.server, files, map);
  const put = () => {
    const screen = view.screen();
    box.current?.querySelectorAll<HTMLElement>("[data-place]").forEach((element) => {
      const place = Number(element.dataset.place);
      const [x, y] = [screen[2 * place]! - SIDE / 2, screen[2 * place + 1]! - SIDE / 2];
      element.style.transform = `translate(${x}px, ${y}px)`;
    });
  };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const choose = () => setPlaces(thumbnailPlaces(view));
    const end = view.subscribe(() => {
      put();
      clearTimeout(timer);
      timer = setTimeout(choose, PAUSE_MS);
    });
    choose();
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [view]);
  useEffect(put);
  return (
    <div ref={box} className="ffs-map-thumbnails" aria-hidden="true" data-cy="map-thumbnails">
      {files.map((file) => (
        <span key={file.id} data-place={file.place} data-cy="map-thumbnail">
          <FileImage file={file} frame={frames.get(file.id) ?? null} />
        </span>
      ))}
    </div>
  );
}

function thumbnailPlaces(view: CloudView): number[] {
  if (view.cloud.zoom < MIN_ZOOM) return [];
  const screen = view.screen();
  const visible = visibleOn(screen, view.width, view.height, MAX_VISIBLE);
  return visible ? apart(screen, visible, SIDE).slice(0, MAX_THUMBNAILS) : [];
}

interface QueryMarkProps {
  map: OpenMap;
  view: CloudView;
  marker: number[];
  label: string;
}

/** The place of the query. */
export function QueryMark({ map, view, marker, label }: QueryMarkProps) {
  const mark = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const point = Float32Array.from(normalizedPoint(marker, map));
    const put = () => {
      const { cloud, width, height } = view;
      const [x = NaN, y = NaN] = projected(point, map.num_dims, cloud.matrix, width, height);
      if (!mark.current) return;
      mark.current.hidden = Number.isNaN(x);
      mark.current.style.transform = `translate(${x}px, ${y}px)`;
    };
    put();
    return view.subscribe(put);
  }, [map, view, marker]);
  return (
    <span ref={mark} className="ffs-map-mark" role="img" aria-label={label} data-cy="map-query">
      <svg viewBox="-14 -14 28 28" width={28} height={28} aria-hidden="true">
        <path d="M-10 0H10M0 -10V10" />
      </svg>
    </span>
  );
}

interface PointCardProps {
  page: MapPageState;
  map: OpenMap;
  place: number;
  text: string;
}

/** The picture of the point under the pointer, or in the middle, and what is known of it. */
export function PointCard({ page, map, place, text }: PointCardProps) {
  const [file] = usePointFiles(page, map, [place]);
  const shown = useRef<MapFile[]>([]);
  if (file && shown.current[0] !== file) shown.current = [file];
  const frames = useFrameImages(page.server, shown.current, map);
  const kept = file ? `${Math.round(100 * file.kept)} % of its neighbors are near it` : "";
  return (
    <div className="ffs-map-card" data-cy="map-card" data-place={place} role="status">
      {file && <FileImage file={file} frame={frames.get(file.id) ?? null} />}
      {text && <strong>{text}</strong>}
      <span>{kept}</span>
      {file?.placed && <span>Placed after the map was made</span>}
    </div>
  );
}
