import type { SavedSearch } from "../generated.ts";

/** The different queries of the history, the last used first. */
export function queriesOf(searches: Pick<SavedSearch, "used_at" | "params">[]): string[] {
  const newestFirst = [...searches].sort((a, b) => b.used_at.localeCompare(a.used_at));
  const queries = newestFirst.map(({ params }) => params.query).filter((query) => query);
  return [...new Set(queries)] as string[];
}
