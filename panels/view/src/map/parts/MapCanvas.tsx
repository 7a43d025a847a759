import React, { type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { insidePolygon, nearestOnScreen, type Place } from "../cloud/geometry.ts";
import type { LayerName } from "../cloud/PointCloud.ts";
import type { Color } from "../state/palette.ts";
import { type CloudState, type CloudView, useCloud } from "../state/useCloud.ts";
import { type OpenMap, pointOf } from "../state/useOpenMap.ts";
import { mapAction, moveBy } from "./mapKeys.ts";
import { ZoomButtons } from "./ZoomButtons.tsx";

/** How near to a point the pointer has to be, and how far a click may move, in pixels. */
const NEAR = 9;
const CLICK = 4;

export interface MapCanvasProps {
  map: OpenMap;
  label: string;
  rgba: Uint8Array;
  /** Points that have an outline, and lie above the others. */
  layers: Record<LayerName, Uint32Array>;
  outlines: Record<LayerName, Color>;
  /** The point under the pointer, or in the middle for the keyboard; null for none. */
  current: number | null;
  isLasso: boolean;
  setLasso: (isLasso: boolean) => void;
  lasso: (places: Uint32Array) => void;
  setCurrent: (place: number | null) => void;
  pick: (place: number) => void;
  open: (place: number) => void;
  chooseNearest: (place: ArrayLike<number>) => void;
  /** What lies over the points. */
  children: (view: CloudView) => ReactNode;
}

const PROBLEMS: Record<Exclude<CloudState, "ready">, string> = {
  loading: "Loading the map…",
  missing: "This browser draws no maps: WebGL 2 is switched off or not supported.",
  lost: "The graphics card was reset; the map comes back by itself.",
  failed: "The part of the page that draws maps was not loaded. Reload the page.",
};

/** The points of a map, which a person moves, hovers, clicks and encircles. */
export function MapCanvas(props: MapCanvasProps) {
  const { map, label, rgba, layers, outlines, current, isLasso, setCurrent, children } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const { view, state } = useCloud(canvas, map);
  const path = useLasso(view, props);
  const down = useRef<Place | null>(null);
  useEffect(() => view?.cloud.setColors(rgba), [view, rgba]);
  useEffect(() => view?.cloud.setMovable(!isLasso), [view, isLasso]);
  useEffect(() => view?.cloud.setLayer("hits", layers.hits, outlines.hits), [view, layers.hits, outlines]);
  useEffect(
    () => view?.cloud.setLayer("selected", layers.selected, outlines.selected),
    [view, layers.selected, outlines]
  );
  const pointAt = (at: Place, within = NEAR) => {
    const place = view ? nearestOnScreen(view.screen(), at, within) : -1;
    return place < 0 ? null : place;
  };
  const middle = () => (view ? pointAt([view.width / 2, view.height / 2], view.width) : null);
  const actions = {
    move: (x: number, y: number, isShift: boolean) => {
      if (!view) return;
      if (map.num_dims === 3 && !isShift) view.cloud.rotateBy(x, y);
      else view.cloud.panBy(x, y);
    },
    zoom: (factor: number) => view?.cloud.zoomBy(factor),
    // A key has no place to zoom to but the point in the middle.
    zoomToCurrent: (factor: number) => {
      if (current === null) actions.zoom(factor);
      else view?.cloud.look(pointOf(map, current), view.cloud.zoom * factor);
    },
    fit: () => view?.cloud.fit(),
    lasso: () => props.setLasso(!isLasso),
    escape: () => (isLasso ? props.setLasso(false) : setCurrent(null)),
    pick: () => current !== null && props.pick(current),
    open: () => current !== null && props.open(current),
    nearest: () => view && props.chooseNearest(view.cloud.target),
  };
  return (
    <div
      className={`ffs-map-canvas${isLasso ? " ffs-map-lasso" : ""}`}
      data-cy="map-canvas"
      data-state={state}
    >
      <canvas
        ref={canvas}
        role="application"
        aria-label={label}
        aria-describedby="map-keys"
        tabIndex={0}
        data-cy="map-points"
        onKeyDown={(event) => {
          const action = mapAction(event);
          if (!action) return;
          event.preventDefault();
          event.stopPropagation();
          if (action === "move") actions.move(...moveBy(event.key), event.shiftKey);
          else if (action === "in") actions.zoomToCurrent(1.3);
          else if (action === "out") actions.zoom(1 / 1.3);
          else actions[action]();
          if (["move", "in", "out"].includes(action)) setCurrent(middle());
        }}
        {...path.handlers}
        onPointerDown={(event) => {
          down.current = placeOf(event);
          path.handlers.onPointerDown(event);
        }}
        onPointerMove={(event) => {
          path.handlers.onPointerMove(event);
          if (!event.buttons) setCurrent(pointAt(placeOf(event)));
        }}
        onPointerLeave={() => setCurrent(null)}
        onClick={(event) => {
          const [x, y] = down.current ?? [NaN, NaN];
          const [left, top] = placeOf(event);
          const place = Math.hypot(left - x, top - y) <= CLICK ? pointAt([left, top]) : null;
          if (place !== null && !path.isDrawn()) props.pick(place);
        }}
        onDoubleClick={(event) => {
          const place = pointAt(placeOf(event));
          if (place !== null) props.open(place);
        }}
      />
      {state !== "ready" && (
        <p
          className={`ffs-map-problem ${state === "loading" ? "ffs-note" : "ffs-error"}`}
          role={state === "loading" ? "status" : "alert"}
          data-cy="map-problem"
        >
          {PROBLEMS[state]}
        </p>
      )}
      {path.line && (
        <svg className="ffs-map-line" aria-hidden="true">
          <polygon points={path.line} />
        </svg>
      )}
      {view && state === "ready" && (
        <>
          {children(view)}
          <ZoomButtons zoom={actions.zoom} fit={actions.fit} />
        </>
      )}
    </div>
  );
}

function placeOf({ nativeEvent }: { nativeEvent: { offsetX: number; offsetY: number } }): Place {
  return [nativeEvent.offsetX, nativeEvent.offsetY];
}

/** A line that a person draws, in the mode "lasso" or with the shift key. */
function useLasso(view: CloudView | null, { isLasso, lasso, setCurrent }: MapCanvasProps) {
  const points = useRef<Place[] | null>(null);
  const wasDrawn = useRef(false);
  const [line, setLine] = useState<string | null>(null);
  const onPointerDown = (event: PointerEvent<HTMLCanvasElement>) => {
    wasDrawn.current = false;
    if (!view || event.button !== 0 || !(isLasso || event.shiftKey)) return;
    // The map does not move below the line.
    view.cloud.setMovable(false);
    event.currentTarget.setPointerCapture(event.pointerId);
    points.current = [placeOf(event)];
    setCurrent(null);
  };
  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>) => {
    if (!points.current) return;
    points.current.push(placeOf(event));
    setLine(points.current.map((place) => place.join(",")).join(" "));
  };
  const end = (isDone: boolean) => {
    const corners = points.current;
    if (!corners || !view) return;
    points.current = null;
    setLine(null);
    view.cloud.setMovable(!isLasso);
    const [x, y] = corners[0] ?? [0, 0];
    wasDrawn.current = corners.some(([left, top]) => Math.hypot(left - x, top - y) > CLICK);
    if (isDone && wasDrawn.current) lasso(insidePolygon(view.screen(), corners));
  };
  const handlers = {
    onPointerDown,
    onPointerMove,
    onPointerUp: () => end(true),
    onPointerCancel: () => end(false),
  };
  return { handlers, line, isDrawn: () => wasDrawn.current };
}
