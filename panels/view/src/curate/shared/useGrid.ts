import { type Answer, isFailure } from "../../app/server.ts";
import type { Curate } from "../state/useCurate.ts";

/** What a tab shows in the App's grid, and how it restores what the grid showed before. */
export function useGrid(curate: Curate, patches_field: string | null) {
  const { server, view, update, setMessage } = curate;
  const take = (answer: Answer<"show_ids">, text?: string) => {
    if (isFailure(answer)) setMessage({ kind: "error", text: answer.error });
    else {
      update({ grid: { base: answer.base, sidebar: answer.sidebar, shown: answer.shown } });
      if (text) setMessage({ kind: "done", text });
    }
  };
  const restore = async () =>
    take(await server("show_ids", { ...view.grid, ids: null, patches_field }));
  return { isShown: Boolean(view.grid.shown?.length), take, restore };
}
