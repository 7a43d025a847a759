import { type RefObject, useEffect, useRef } from "react";
import type { PanelIndex } from "../generated.ts";
import type { Search } from "./useSearch.ts";

/** Selects an index that was built while the page is open, and focuses the query line. */
export function useNewIndex(
  root: RefObject<HTMLElement>,
  indexes: PanelIndex[],
  { options, update }: Pick<Search, "options" | "update">
): void {
  const known = useRef<string[] | null>(null);
  useEffect(() => {
    const keys = indexes.map(({ brain_key }) => brain_key);
    const added = keys.filter((key) => known.current && !known.current.includes(key));
    known.current = keys;
    const [brain_key] = added;
    if (brain_key === undefined || added.length > 1) return;
    update({ options: { ...options, brain_key } });
    root.current?.querySelector<HTMLElement>(".ffs-query")?.focus();
  }, [indexes]);
}
