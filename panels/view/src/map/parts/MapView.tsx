import React, { useEffect, useMemo, useRef, useState } from "react";
import { useIsDark } from "../../app/useIsDark.ts";
import { useShowInViewer } from "../../app/viewer.ts";
import { isFailure } from "../../app/server.ts";
import { counted } from "../../format/numbers.ts";
import { useSearchState } from "../../state/useSearchState.ts";
import { nearestTo, normalizedPoint } from "../cloud/geometry.ts";
import type { LayerName } from "../cloud/PointCloud.ts";
import { placesText } from "../state/arrays.ts";
import type { Color } from "../state/palette.ts";
import { choiceLabel, placesWith, rgbaOf, valueText } from "../state/pointColors.ts";
import type { MapPageState } from "../state/useMapPage.ts";
import { useLocatedSearch, useSelectedPlaces } from "../state/useLocated.ts";
import { type OpenMap, pointOf } from "../state/useOpenMap.ts";
import { usePointActions } from "../state/usePointActions.ts";
import { useColorChoices, usePointColors } from "../state/usePointColors.ts";
import { Legend } from "./Legend.tsx";
import { MapBar } from "./MapBar.tsx";
import { MapCanvas } from "./MapCanvas.tsx";
import { KEY_HELP } from "./mapKeys.ts";
import { AxisNames, CROSS, Mark, PointCard, RING, Thumbnails } from "./Overlay.tsx";
import { SearchNote } from "./SearchNote.tsx";

const NONE: ReadonlySet<number> = new Set();
const NO_PLACES = new Uint32Array();
const OUTLINES: Record<"dark" | "light", Record<LayerName, Color>> = {
  dark: { hits: [255, 255, 255], selected: [255, 109, 5] },
  light: { hits: [0, 0, 0], selected: [214, 84, 0] },
};

/** A map with its colors, its legend and the last search. */
export function MapView({ page, map }: { page: MapPageState; map: OpenMap }) {
  const { server, dataset, view, setMessage } = page;
  const root = useRef<HTMLDivElement>(null);
  const isDark = useIsDark(root);
  const look = useMemo(() => ({ isDark }), [isDark]);
  const [{ neighbors }] = useSearchState(dataset);
  const located = useLocatedSearch(page, map, neighbors);
  const selected = useSelectedPlaces(page, map);
  const choices = useColorChoices(page, map);
  const { values, error, isReading } = usePointColors(page, map, view.color, neighbors);
  const [only, setOnly] = useState(NONE);
  // Another field has other classes.
  useEffect(() => setOnly(NONE), [view.color]);
  const [isLasso, setLasso] = useState(false);
  const [current, setCurrent] = useState<number | null>(null);
  const actions = usePointActions(page, map);
  const showInViewer = useShowInViewer();
  const rgba = useMemo(() => rgbaOf(values, map.count, look, only), [values, map, look, only]);
  const layers = { selected, hits: located?.places ?? NO_PLACES };
  const outlines = OUTLINES[isDark ? "dark" : "light"];
  const marker = useMemo(() => {
    const point = located?.answer.marker;
    return point ? Float32Array.from(normalizedPoint(point, map)) : null;
  }, [located, map]);
  const act = (places: Uint32Array) => {
    if (places.length) void actions.act(places);
    else setMessage({ kind: "error", text: "No point is inside; draw the line around some points." });
  };
  const chooseNearest = (place: ArrayLike<number>) =>
    act(nearestTo(map.points, map.num_dims, place, view.nearest));
  const open = async (place: number) => {
    const { vis_key, version } = map;
    const places = placesText(Uint32Array.of(place));
    const answer = await server("point_ids", { vis_key, version, places });
    if (isFailure(answer)) setMessage({ kind: "error", text: answer.error });
    else if (answer.ids[0]) await showInViewer(answer.ids, answer.ids[0]);
  };
  const title = view.color === "query" ? "score" : view.color ? choiceLabel(view.color) : "";
  const actText = `${view.action === "show" ? "Show" : "Select"} them in the grid`;
  const noun = map.patches_field === null ? "sample" : "label";
  const label = `Map of ${counted(map.count, noun)}${title ? `, colored by ${title}` : ""}`;
  return (
    <div ref={root} className="ffs-map">
      <MapBar
        {...{ page, map, choices, isLasso, setLasso, actions }}
        hasSearch={neighbors !== null}
        chooseNearest={marker && (() => chooseNearest(marker))}
      />
      {error && (
        <p className="ffs-error" role="alert" data-cy="map-color-error">
          {error}
        </p>
      )}
      <p id="map-keys" className="ffs-map-hidden">
        {KEY_HELP}
      </p>
      <div className="ffs-map-area" data-colored={isReading ? "reading" : "done"}>
        <MapCanvas
          {...{ map, label, rgba, outlines, isLasso, setLasso, setCurrent, chooseNearest }}
          layers={layers}
          current={current}
          lasso={act}
          pick={(place) => void actions.toggle(place, !selected.includes(place))}
          open={(place) => void open(place)}
        >
          {(cloud) => (
            <>
              <AxisNames axes={map.axes} />
              {view.hasThumbnails && <Thumbnails {...{ page, map }} view={cloud} />}
              {marker && located && (
                <Mark
                  {...{ map }}
                  view={cloud}
                  point={marker}
                  name="map-query"
                  label={`The query ${located.query}`}
                  path={CROSS}
                />
              )}
              {current !== null && (
                <>
                  <Mark
                    {...{ map }}
                    view={cloud}
                    point={pointOf(map, current)}
                    name="map-ring"
                    path={RING}
                  />
                  <PointCard
                    {...{ page, map }}
                    place={current}
                    text={cardText(title, valueText(values, current))}
                  />
                </>
              )}
            </>
          )}
        </MapCanvas>
        <Legend
          {...{ map, title, values, look, only, setOnly, actText, outlines }}
          outlined={{ hits: layers.hits.length, selected: selected.length }}
          act={() => values && act(placesWith(values, only))}
        />
      </div>
      <SearchNote {...{ neighbors, located, map, noun }} />
      {selected.length > 0 && (
        <p className="ffs-note" data-cy="map-selected-count" role="status">
          {counted(selected.length, "point")} of the map {selected.length === 1 ? "is" : "are"} selected
          in the grid.
        </p>
      )}
    </div>
  );
}

function cardText(name: string, value: string): string {
  return name && value ? `${name}: ${value}` : "";
}
