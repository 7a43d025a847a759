// The filters of a search: the wanted values, by the name of a field.
import type { Filters } from "./options.ts";

/** The name of a field as people say it. */
export function fieldName(path: string): string {
  return path === "tags" ? "tag" : path;
}

/** The filters as pairs of a field and a value. */
export function filterPairs(filters: Filters): [path: string, value: string][] {
  return Object.entries(filters).flatMap(([path, values]) =>
    values.map((value): [string, string] => [path, value])
  );
}

export function hasFilter(filters: Filters, path: string, value: string): boolean {
  return filters[path]?.includes(value) ?? false;
}

/** The filters with a value added, or removed if it is there. */
export function toggleFilter(filters: Filters, path: string, value: string): Filters {
  const values = filters[path] ?? [];
  const changed = values.includes(value)
    ? values.filter((other) => other !== value)
    : [...values, value];
  const { [path]: _before, ...others } = filters;
  return changed.length ? { ...others, [path]: changed } : others;
}
