import React from "react";
import { RestoreGrid } from "../../curate/shared/RestoreGrid.tsx";
import { NumberInput } from "../../curate/shared/NumberField.tsx";
import type { ColorChoice } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { colorFrom, colorValue, type PointAction } from "../state/mapState.ts";
import { choiceLabel } from "../state/pointColors.ts";
import type { MapPageState } from "../state/useMapPage.ts";
import type { OpenMap } from "../state/useOpenMap.ts";
import type { PointActions } from "../state/usePointActions.ts";

interface MapBarProps {
  page: MapPageState;
  map: OpenMap;
  choices: ColorChoice[];
  hasSearch: boolean;
  isLasso: boolean;
  setLasso: (isLasso: boolean) => void;
  actions: PointActions;
  /** Takes the points nearest to the query; null without one on the map. */
  chooseNearest: (() => void) | null;
}

/** What colors the points, and what a person does with them. */
export function MapBar(props: MapBarProps) {
  const { page, choices, hasSearch, isLasso, setLasso, actions, chooseNearest } = props;
  const { view, update } = page;
  return (
    <div className="ffs-options" role="group" aria-label="Map">
      <label>
        Color
        <select
          data-cy="map-color"
          value={colorValue(view.color)}
          onChange={({ target }) => update({ color: colorFrom(target.value) })}
        >
          <option value="">all the same</option>
          {(hasSearch || view.color === "query") && <option value="query">score of the last search</option>}
          {choices.map((choice) => (
            <option key={colorValue(choice)} value={colorValue(choice)}>
              {choiceLabel(choice)}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="ffs-button"
        aria-pressed={isLasso}
        title="Draw a line around points (key l, or hold Shift and drag)"
        data-cy="map-lasso"
        onClick={() => setLasso(!isLasso)}
      >
        Lasso
      </button>
      <label title="What a lasso, and the buttons, do with points">
        to
        <select
          data-cy="map-action"
          value={view.action}
          onChange={({ target }) => update({ action: target.value as PointAction })}
        >
          <option value="show">show in the grid</option>
          <option value="select">select in the grid</option>
        </select>
      </label>
      <span className="ffs-inline">
        <button
          type="button"
          className="ffs-button"
          title={chooseNearest ? undefined : "Search first, in the panel “FAISS Search”"}
          data-cy="map-nearest"
          {...disabledIf(!chooseNearest || !view.nearest, () => chooseNearest?.())}
        >
          Nearest to the query
        </button>
        <NumberInput
          name="map-nearest-count"
          label=""
          title="How many points"
          min={1}
          max={10_000}
          value={view.nearest}
          change={(nearest) => update({ nearest: nearest ?? 0 })}
        />
      </span>
      <label title="The pictures of points, when few of them are on the screen">
        <input
          type="checkbox"
          data-cy="map-thumbnails-on"
          checked={view.hasThumbnails}
          onChange={({ target }) => update({ hasThumbnails: target.checked })}
        />
        Pictures
      </label>
      {actions.canRestore && <RestoreGrid restore={actions.restore} />}
    </div>
  );
}
