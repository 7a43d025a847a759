import type { ResultRow } from "../generated.ts";
import { counted } from "../format/numbers.ts";
import type { SearchState } from "./searchState.ts";
import { cutoffOf } from "./cutoff.ts";

export interface Target {
  ids: string[];
  /** Why these: the user selected them, or they are above the score cutoff, or they are all. */
  kind: "selected" | "above" | "all";
}

/** What an action applies to: the selected results, or else those above the score cutoff. */
export function targetOf(
  state: Pick<SearchState, "neighbors" | "cutoff" | "hidesBelowCutoff">,
  selected: ReadonlySet<string>
): Target {
  const results = state.neighbors?.results ?? [];
  const chosen = idsOf(results).filter((id) => selected.has(id));
  if (chosen.length) return { ids: chosen, kind: "selected" };
  const { position } = cutoffOf(state);
  const kind = position < results.length ? "above" : "all";
  return { ids: idsOf(results.slice(0, position)), kind };
}

/** "3 selected samples", "14 samples above the score cutoff", "25 samples". */
export function describeTarget({ ids, kind }: Target, noun: string): string {
  if (kind === "selected") return counted(ids.length, `selected ${noun}`);
  return counted(ids.length, noun) + (kind === "above" ? " above the score cutoff" : "");
}

function idsOf(results: ResultRow[]): string[] {
  return results.map(({ id }) => id);
}
