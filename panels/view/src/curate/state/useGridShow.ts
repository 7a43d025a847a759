import { type Answer, isFailure } from "../../app/server.ts";
import type { Curate } from "./useCurate.ts";

/** Shows samples in the App's grid, and restores what the grid showed before. */
export function useGridShow({ server, view, update, setMessage }: Curate) {
  /** Takes the answer of a method that shows something in the grid. */
  const take = (answer: Answer<"show_ids">) => {
    if (isFailure(answer)) setMessage({ kind: "error", text: answer.error });
    else update({ grid: { base: answer.base, sidebar: answer.sidebar, shown: answer.shown } });
  };
  const restore = async () =>
    take(await server("show_ids", { ...view.grid, ids: null, patches_field: null }));
  return { isShown: Boolean(view.grid.shown?.length), take, restore };
}
