// Where a search happens, as text.
import type { LookAnswer } from "../generated.ts";
import type { SearchOptions } from "./options.ts";

/** What a bar says about where a search happens, and the scope that its button switches to. */
export interface ScopeText {
  text: string;
  button: string;
  other: "dataset" | "view";
}

/** Whether the samples that are searched are fewer than the dataset has. */
export function isNarrowed({
  options,
  look,
}: {
  options: Pick<SearchOptions, "scope">;
  look: LookAnswer | null;
}): boolean {
  if (options.scope === "view") return look !== null && look.in_view !== null;
  return options.scope !== "dataset";
}

/** The text of the bar; null where the grid shows the dataset, or a saved view is searched. */
export function scopeText(scope: string, look: LookAnswer | null): ScopeText | null {
  if (!look || look.in_view === null || !["dataset", "view"].includes(scope)) return null;
  const [some, all] = [look.in_view, look.total].map((n) => n.toLocaleString("en-US"));
  if (scope === "dataset") {
    return { text: `Searching all ${all}`, button: `search only the ${some} in view`, other: "view" };
  }
  // A view of patches has more of them than the dataset has samples.
  const text = look.is_of_parts ? `Searching the ${some} in view` : `Searching ${some} of ${all}`;
  return { text, button: "search everything", other: "dataset" };
}
