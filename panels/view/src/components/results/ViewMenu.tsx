import React from "react";
import type { Server } from "../../app/server.ts";
import {
  MAX_FIELDS,
  MAX_SIZE,
  MIN_SIZE,
  type TilePrefs,
} from "../../state/tilePrefs.ts";
import type { ShownNeighbors } from "../../state/searchState.ts";
import { useTileFields } from "../../state/useTileValues.ts";
import { updateTilePrefs } from "../../state/useTilePrefs.ts";
import type { Search } from "../../state/useSearch.ts";
import { Menu } from "../Menu.tsx";
import { CutoffControl } from "./CutoffControl.tsx";

const DEFAULT_SIZE = 116;

interface ViewMenuProps {
  search: Search;
  neighbors: ShownNeighbors;
  server: Server;
  dataset: string;
  prefs: TilePrefs;
}

/** Chooses how the results look: their size, their fields, and the score cutoff. */
export function ViewMenu({ search, prefs, ...others }: ViewMenuProps) {
  return (
    <Menu
      name="faiss-view-menu"
      label="View"
      icon="view"
      title="View: tiles, fields, score cutoff"
      dialogLabel="View"
    >
      {() => (
        <>
          <TileLook prefs={prefs} />
          <FieldChoice {...others} prefs={prefs} />
          <CutoffControl search={search} count={others.neighbors.results.length} />
        </>
      )}
    </Menu>
  );
}

function TileLook({ prefs: { fit, size } }: { prefs: TilePrefs }) {
  return (
    <div className="ffs-row">
      <label>
        Size
        <input
          type="range"
          min={MIN_SIZE}
          max={MAX_SIZE}
          step="4"
          data-cy="faiss-tile-size"
          aria-valuetext={`${size ?? DEFAULT_SIZE} pixels`}
          value={size ?? DEFAULT_SIZE}
          onChange={(event) => updateTilePrefs({ size: Number(event.target.value) })}
        />
      </label>
      <label title="Show a square of each image instead of the whole image">
        <input
          type="checkbox"
          data-cy="faiss-tile-cover"
          checked={fit === "cover"}
          onChange={(event) => updateTilePrefs({ fit: event.target.checked ? "cover" : "contain" })}
        />
        Fill the tiles
      </label>
    </div>
  );
}

function FieldChoice({ neighbors, server, dataset, prefs }: Omit<ViewMenuProps, "search">) {
  const fields = useTileFields(server, neighbors);
  const chosen = prefs.fields[dataset] ?? [];
  if (!fields.length) return null;
  const toggle = (name: string, isChosen: boolean) => {
    const names = isChosen ? [...chosen, name] : chosen.filter((other) => other !== name);
    updateTilePrefs({ fields: { ...prefs.fields, [dataset]: names } });
  };
  const isFull = chosen.length >= MAX_FIELDS;
  return (
    <fieldset className="ffs-fields" data-cy="faiss-tile-fields">
      <legend>Show under the tiles, up to {MAX_FIELDS}</legend>
      {fields.map(({ name }) => (
        <label key={name} title={name}>
          <input
            type="checkbox"
            data-cy={`faiss-field-${name}`}
            checked={chosen.includes(name)}
            disabled={isFull && !chosen.includes(name)}
            onChange={(event) => toggle(name, event.target.checked)}
          />
          <span className="ffs-field-name">{name}</span>
        </label>
      ))}
    </fieldset>
  );
}
