import { useEffect, useState } from "react";
import { isFailure, type Server } from "../app/server.ts";
import type { GridState, LookAnswer } from "../generated.ts";
import type { SearchState } from "./searchState.ts";

// View and filters may change one after the other.
const PAUSE_MS = 150;

/** What the grid shows, and the state of the page's grid that this was asked for. */
export interface Look extends LookAnswer {
  grid: GridState;
}

/** What the grid shows, asked again when its view, the filters of the sidebar or results change. */
export function useLook(
  server: Server,
  { grid, neighbors, status, settling }: SearchState,
  brainKey: string
): Look | null {
  const view = window.recoil.useRecoilValue(window.__fos__.view);
  const filters = window.recoil.useRecoilValue(window.__fos__.filters);
  const [look, setLook] = useState<Look | null>(null);
  const brain_key = neighbors?.brain_key ?? brainKey;
  const isBusy = status.kind === "busy" || settling !== null;
  useEffect(() => {
    if (isBusy) return undefined;
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const answer = await server("look", { ...grid, brain_key });
      if (isCurrent && !isFailure(answer)) setLook({ ...answer, grid });
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [server, view, filters, grid, brain_key, isBusy]);
  return look;
}
