import React from "react";
import type { TileField } from "../../generated.ts";
import {
  MAX_FIELDS,
  MAX_SIZE,
  MIN_SIZE,
  type TilePrefs,
} from "../../state/tilePrefs.ts";
import { updateTilePrefs } from "../../state/useTilePrefs.ts";
import type { Search } from "../../state/useSearch.ts";
import { Menu } from "../Menu.tsx";
import { CutoffControl } from "./CutoffControl.tsx";

const DEFAULT_SIZE = 116;

interface ViewMenuProps {
  search: Search;
  dataset: string;
  prefs: TilePrefs;
  /** The fields that the tiles can show. */
  fields: TileField[];
}

/** Chooses how the results look: their size, their fields, and the score cutoff. */
export function ViewMenu({ search, dataset, prefs, fields }: ViewMenuProps) {
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
          <FieldChoice {...{ dataset, prefs, fields }} />
          <CutoffControl search={search} count={search.neighbors?.results.length ?? 0} />
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

function FieldChoice({ dataset, prefs, fields }: Omit<ViewMenuProps, "search">) {
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
