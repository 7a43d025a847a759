import React, { type FormEvent, useState } from "react";
import { isFailure } from "../../app/server.ts";
import { IndexSelect } from "../../curate/shared/IndexSelect.tsx";
import { indexInForce } from "../../curate/state/indexes.ts";
import type { MapEntry, MapMethod } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { freeKey } from "../state/mapTexts.ts";
import type { MapPageState } from "../state/useMapPage.ts";

const METHODS: Record<MapMethod, string> = {
  umap: "UMAP (keeps neighbors)",
  tsne: "t-SNE (keeps near neighbors)",
  pca: "PCA (keeps large distances)",
  axes: "named axes",
};
const EXAMPLES = ["night - day", "car - dog", "red - blue"];

interface MakeMapProps {
  page: MapPageState;
  maps: MapEntry[];
}

/** What map to make, and the button that starts it. */
export function MakeMap({ page, maps }: MakeMapProps) {
  const { server, indexes, update, refresh, isRunning, setMessage } = page;
  const [brainKey, setBrainKey] = useState<string | null>(null);
  const [method, setMethod] = useState<MapMethod>("umap");
  const [dims, setDims] = useState(2);
  const [axes, setAxes] = useState(["", "", ""]);
  const index = indexInForce(indexes, brainKey)?.brain_key ?? "";
  const lines = axes.slice(0, method === "axes" ? dims : 0);
  const isIncomplete = lines.some((line) => !line.trim());
  const make = async (event: FormEvent) => {
    event.preventDefault();
    if (isRunning || isIncomplete) return;
    const vis_key = freeKey(maps.map((map) => map.vis_key), index, method, dims);
    const asked = { brain_key: index, method, num_dims: dims, axes: lines, vis_key };
    const answer = await server("make_map", asked);
    if (isFailure(answer)) setMessage({ kind: "error", text: answer.error });
    else {
      setMessage(null);
      update({ visKey: vis_key });
      await refresh(true);
    }
  };
  return (
    <form className="ffs-curate-form" data-cy="map-form" onSubmit={(event) => void make(event)}>
      <div className="ffs-options">
        <IndexSelect label="Map" indexes={indexes} value={index} choose={setBrainKey} />
        <label>
          by
          <select
            data-cy="map-method"
            value={method}
            onChange={({ target }) => setMethod(target.value as MapMethod)}
          >
            {Object.entries(METHODS).map(([name, label]) => (
              <option key={name} value={name}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          in
          <select
            data-cy="map-dims"
            value={dims}
            onChange={({ target }) => setDims(Number(target.value))}
          >
            <option value={2}>2 dimensions</option>
            <option value={3}>3 dimensions</option>
          </select>
        </label>
        {lines.map((line, d) => (
          <label key={d}>
            {["across", "up", "deep"][d]}
            <input
              className="ffs-field"
              data-cy={`map-axis-${d}`}
              placeholder={EXAMPLES[d]}
              value={line}
              onChange={({ target }) => setAxes(axes.map((old, i) => (i === d ? target.value : old)))}
            />
          </label>
        ))}
        <button
          type="submit"
          className="ffs-button ffs-primary"
          data-cy="map-make"
          {...disabledIf(isRunning || isIncomplete, () => undefined)}
        >
          {isRunning ? "Working…" : "Make the map"}
        </button>
      </div>
      {method === "axes" && (
        <p className="ffs-note">
          Each axis is a query, such as “night - day”: a point lies farther along it the more
          similar it is to the query.
        </p>
      )}
    </form>
  );
}
