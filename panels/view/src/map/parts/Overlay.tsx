import React, { useEffect, useRef, useState } from "react";
import { FileImage } from "../../curate/shared/FileImage.tsx";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { apart, projected, visibleOn } from "../cloud/geometry.ts";
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

interface MarkProps {
  map: OpenMap;
  view: CloudView;
  /** The place of the map, among normalized points. */
  point: Float32Array;
  /** The `data-cy` name, and the accessible name of a mark that has one. */
  name: string;
  label?: string;
  path: string;
}

/** A mark at a place of the map, which costs no drawing of the points. */
export function Mark({ map, view, point, name, label, path }: MarkProps) {
  const mark = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const put = () => {
      const { cloud, width, height } = view;
      const [x = NaN, y = NaN] = projected(point, map.num_dims, cloud.matrix, width, height);
      if (!mark.current) return;
      mark.current.hidden = Number.isNaN(x);
      mark.current.style.transform = `translate(${x}px, ${y}px)`;
    };
    put();
    return view.subscribe(put);
  }, [map, view, point]);
  const named = label ? { role: "img", "aria-label": label } : { "aria-hidden": true };
  return (
    <span ref={mark} className={`ffs-map-mark ffs-${name}`} data-cy={name} {...named}>
      <svg viewBox="-14 -14 28 28" width={28} height={28} aria-hidden="true">
        <path d={path} />
      </svg>
    </span>
  );
}

export const CROSS = "M-10 0H10M0 -10V10";
export const RING = "M-9 0a9 9 0 1 0 18 0a9 9 0 1 0 -18 0";

const SIDES = ["right", "up", "to the front"];

/** What the axes of a map are, if they have names. */
export function AxisNames({ axes }: { axes: string[] | null }) {
  if (!axes) return null;
  return (
    <ul className="ffs-map-axes" data-cy="map-axes">
      {axes.map((axis, d) => (
        <li key={d}>
          {SIDES[d]}: {axis}
        </li>
      ))}
    </ul>
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
  // A pointer that passes over points asks for none of them.
  const [asked, setAsked] = useState<number[]>(NO_PLACES);
  useEffect(() => {
    const timer = setTimeout(() => setAsked([place]), PAUSE_MS / 2);
    return () => clearTimeout(timer);
  }, [place]);
  const files = usePointFiles(page, map, asked).filter((file) => file.place === place);
  const [file] = files;
  const frames = useFrameImages(page.server, files, map);
  return (
    <div className="ffs-map-card" data-cy="map-card" data-place={place} role="status">
      {file && <FileImage file={file} frame={frames.get(file.id) ?? null} />}
      {text && <strong>{text}</strong>}
      {file && <span>{Math.round(100 * file.kept)} % of its neighbors are near it</span>}
      {file?.placed && <span>Placed after the map was made</span>}
    </div>
  );
}

const NO_PLACES: number[] = [];
