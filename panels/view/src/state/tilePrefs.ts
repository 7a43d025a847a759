// How the tiles look: kept in the browser's storage, for all datasets but for the fields.
export const MIN_SIZE = 80;
export const MAX_SIZE = 320;
export const MAX_FIELDS = 3;

export interface TilePrefs {
  /** Whether the whole image is shown, or a square of it. */
  fit: "contain" | "cover";
  /** The smallest width of a tile in pixels; null for the default, which depends on the panel. */
  size: number | null;
  /** The fields whose values are shown, by dataset. */
  fields: Record<string, string[]>;
}

export const DEFAULT_PREFS: TilePrefs = { fit: "contain", size: null, fields: {} };

/** Reads the stored text; what is missing or not valid has its default. */
export function prefsFrom(text: string | null): TilePrefs {
  const stored = parsed(text);
  const { fit, size, fields } = stored;
  const isSize = typeof size === "number" && size >= MIN_SIZE && size <= MAX_SIZE;
  return {
    fit: fit === "cover" ? "cover" : "contain",
    size: isSize ? size : null,
    fields: Object.fromEntries(Object.entries(fields ?? {}).filter(([, names]) => isNames(names))),
  };
}

function parsed(text: string | null): Partial<TilePrefs> {
  if (!text) return {};
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === "object" ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function isNames(names: unknown): boolean {
  return Array.isArray(names) && names.every((name) => typeof name === "string");
}
