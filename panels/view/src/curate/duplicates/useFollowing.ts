import { useEffect, useRef } from "react";
import type { DuplicatesGroup } from "../../generated.ts";
import { useGrid } from "../shared/useGrid.ts";
import { groupOf } from "../state/places.ts";
import type { Curate } from "../state/useCurate.ts";

// Not for each group that the arrow keys pass.
const PAUSE_MS = 350;

/** Shows the current group in the App's grid, and restores what the grid showed before. */
export function useFollowing(curate: Curate, groups: DuplicatesGroup[], field: string | null) {
  const { server, view, update } = curate;
  const { isShown, take, restore: restoreGrid } = useGrid(curate, field);
  const group = view.isFollowing ? groupOf(groups, view.current) : null;
  const number = group?.number ?? null;
  const latest = useRef({ group, grid: view.grid });
  latest.current = { group, grid: view.grid };
  // The group that was shown when the panel was opened is in the grid already.
  const shown = useRef(view.grid.shown?.length ? number : null);
  const show = async (ids: string[] | null) => {
    take(await server("show_ids", { ...latest.current.grid, ids, patches_field: field }));
  };
  useEffect(() => {
    if (number === null || number === shown.current) return undefined;
    const timer = setTimeout(() => {
      shown.current = number;
      void show((latest.current.group?.members ?? []).map(({ id }) => id));
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [number]);
  const restore = async () => {
    update({ isFollowing: false });
    await restoreGrid();
  };
  return { isShown, restore };
}
