import React, { useState } from "react";
import { isFailure } from "../app/server.ts";
import type { MapEntry } from "../generated.ts";
import { disabledIf } from "../keyboard/disabled.ts";
import { MakeMap } from "./parts/MakeMap.tsx";
import { MapView } from "./parts/MapView.tsx";
import { mapText, qualityText } from "./state/mapTexts.ts";
import type { MapPageState } from "./state/useMapPage.ts";
import { type Maps, useMaps } from "./state/useMaps.ts";
import { useOpenMap } from "./state/useOpenMap.ts";

/** A map of the samples of an index. */
export function MapTab({ page }: { page: MapPageState }) {
  const list = useMaps(page);
  const [isMaking, setMaking] = useState(false);
  const { maps, error } = list;
  if (error) {
    return (
      <p className="ffs-error" role="alert" data-cy="map-error">
        {error}
      </p>
    );
  }
  if (!maps) {
    return (
      <p className="ffs-note" role="status" data-cy="map-loading">
        Loading the maps…
      </p>
    );
  }
  const shown = maps.find(({ vis_key }) => vis_key === page.view.visKey) ?? maps[0];
  if (!shown) {
    return (
      <>
        <p className="ffs-note" data-cy="map-nothing">
          This dataset has no map of an index. On a map, what is similar lies near each other: draw a
          line around points to see them in the grid. A map changes no sample, and FiftyOne’s
          Embeddings panel shows it, too.
        </p>
        <MakeMap {...{ page, maps }} />
      </>
    );
  }
  return (
    <>
      <MapChoice {...{ page, list, isMaking, setMaking }} visKey={shown.vis_key} />
      {isMaking && <MakeMap {...{ page, maps }} />}
      <ShownMap key={shown.vis_key} page={page} entry={shown} />
    </>
  );
}

interface MapChoiceProps {
  page: MapPageState;
  list: Maps;
  visKey: string;
  isMaking: boolean;
  setMaking: (isMaking: boolean) => void;
}

/** A choice of the map, and the buttons to make another one and to delete this one. */
function MapChoice({ page, list, visKey, isMaking, setMaking }: MapChoiceProps) {
  const [isAsking, setAsking] = useState(false);
  const { server, indexes, update, setMessage, refresh } = page;
  const shown = list.maps?.find(({ vis_key }) => vis_key === visKey);
  const index = indexes.find(({ brain_key }) => brain_key === shown?.brain_key);
  const added = Math.max(0, (index?.size ?? 0) - (shown?.count ?? 0));
  const place = async () => {
    const answer = await server("update_map", { vis_key: visKey });
    if (isFailure(answer)) setMessage({ kind: "error", text: answer.error });
    else await refresh(true);
  };
  const remove = async () => {
    setAsking(false);
    if (list.take(await server("delete_map", { vis_key: visKey }))) {
      const text = `Deleted the map “${visKey}”; the index and the samples stay.`;
      setMessage({ kind: "done", text });
    }
  };
  return (
    <div className="ffs-options">
      <label>
        Map
        <select
          data-cy="map-choice"
          value={visKey}
          onChange={({ target }) => update({ visKey: target.value })}
        >
          {list.maps?.map((map) => (
            <option key={map.vis_key} value={map.vis_key}>
              {mapText(map)}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="ffs-button"
        aria-expanded={isMaking}
        data-cy="map-new"
        onClick={() => setMaking(!isMaking)}
      >
        New map
      </button>
      {added > 0 && (
        <button
          type="button"
          className="ffs-button"
          title="Samples that are in the index, and not on this map, are placed by their neighbors"
          data-cy="map-update"
          {...disabledIf(page.isRunning, () => void place())}
        >
          Place {added.toLocaleString("en-US")} new
        </button>
      )}
      <button
        type="button"
        className="ffs-button"
        data-cy="map-delete"
        {...disabledIf(page.isRunning, () => (isAsking ? void remove() : setAsking(true)))}
      >
        {isAsking ? `Delete “${visKey}”` : "Delete"}
      </button>
      {isAsking && (
        <button type="button" className="ffs-link" data-cy="map-keep" onClick={() => setAsking(false)}>
          Keep it
        </button>
      )}
    </div>
  );
}

function ShownMap({ page, entry }: { page: MapPageState; entry: MapEntry }) {
  const { map, error, reopen } = useOpenMap(page.server, entry);
  if (error) {
    return (
      <p className="ffs-error" role="alert" data-cy="map-error">
        {error}{" "}
        <button type="button" className="ffs-link" data-cy="map-again" onClick={reopen}>
          Try again
        </button>
      </p>
    );
  }
  if (!map) {
    return (
      <p className="ffs-note" role="status" data-cy="map-opening">
        Loading the points…
      </p>
    );
  }
  return (
    <>
      <MapView key={map.version} {...{ page, map }} />
      <p className="ffs-note" data-cy="map-quality">
        {[qualityText(map), ...map.notes].join(" ")}
      </p>
    </>
  );
}
