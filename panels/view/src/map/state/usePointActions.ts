import { useCallback, useState } from "react";
import { type Answer, isFailure } from "../../app/server.ts";
import { useChangeSelection } from "../../app/useSelection.ts";
import { counted } from "../../format/numbers.ts";
import type { GridChange } from "../../generated.ts";
import { gridOf } from "../../state/settling.ts";
import { useSettling } from "../../state/useSettling.ts";
import { placesText } from "./arrays.ts";
import type { PointAction } from "./mapState.ts";
import type { MapPageState } from "./useMapPage.ts";
import type { OpenMap } from "./useOpenMap.ts";

export interface PointActions {
  /** Shows points in the grid, or selects them there. */
  act: (places: Uint32Array, action?: PointAction) => Promise<void>;
  /** Selects a point in the grid, or undoes that. */
  toggle: (place: number, isSelected: boolean) => Promise<void>;
  /** Shows in the grid what it showed before. */
  restore: () => Promise<void>;
  canRestore: boolean;
}

/** What the points of a map do in the App's grid. */
export function usePointActions(page: MapPageState, { vis_key, version }: OpenMap): PointActions {
  const { server, view, update, setMessage } = page;
  const [settling, setSettling] = useState<GridChange | null>(null);
  useSettling({ settling }, () => setSettling(null));
  const changeSelection = useChangeSelection(settling);
  const grid = gridOf({ grid: view.grid, settling });
  const fail = (error: string) => setMessage({ kind: "error", text: error });
  const take = (answer: Answer<"show_points">, text: string) => {
    if (isFailure(answer)) return fail(answer.error);
    const { base, sidebar, shown, filters, moves } = answer;
    update({ grid: { base, sidebar, shown } });
    setSettling({ filters, moves });
    return setMessage({ kind: "done", text });
  };
  const show = async (places: Uint32Array) => {
    const answer = await server("show_points", {
      ...grid,
      vis_key,
      version,
      places: placesText(places),
    });
    take(answer, `The grid shows ${counted(places.length, "point")} of the map.`);
  };
  const select = async (places: Uint32Array, isSelected = true) => {
    const answer = await server("point_ids", { vis_key, version, places: placesText(places) });
    if (isFailure(answer)) return fail(answer.error);
    return changeSelection(answer.ids, isSelected);
  };
  const act = async (places: Uint32Array, action = view.action) => {
    if (action === "show") return show(places);
    await select(places);
    return setMessage({ kind: "done", text: `Selected ${counted(places.length, "point")} in the grid.` });
  };
  const restore = async () => {
    const answer = await server("show_points", { ...grid, vis_key, version, places: null });
    take(answer, "The grid shows what it showed before.");
  };
  const toggle = useCallback(
    (place: number, isSelected: boolean) => select(Uint32Array.of(place), isSelected),
    [server, vis_key, version, changeSelection]
  );
  return { act, toggle, restore, canRestore: Boolean(view.grid.shown?.length) };
}
