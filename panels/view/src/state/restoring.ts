// The part of a search's state that outlives the page, as text.
import { ago, counted } from "../format/numbers.ts";
import { DEFAULT_OPTIONS, OPTION_NAMES, type SearchOptions } from "./options.ts";
import { INITIAL_STATE, type SearchState, type ShownNeighbors } from "./searchState.ts";

const VERSION = 1;
// Browsers store some five million characters for a site.
const MAX_CHARACTERS = 1_000_000;

type Kept = Pick<SearchState, (typeof KEPT)[number]>;

const KEPT = [
  "query",
  "uploads",
  "selection",
  "options",
  "neighbors",
  "grid",
  "liked",
  "disliked",
  "ratedQuery",
  "cutoff",
  "hidesBelowCutoff",
  "tag",
  "exclusion",
] as const;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown) => typeof value === "string";
const isTexts = (value: unknown) => Array.isArray(value) && value.every(isText);
const isTextOrNumber = (value: unknown) => isText(value) || typeof value === "number";

const OPTION_CHECKS: Record<keyof SearchOptions, (value: unknown) => boolean> = {
  brain_key: (value) => value === null || isText(value),
  k: isTextOrNumber,
  scope: isText,
  reverse: (value) => typeof value === "boolean",
  templates: (value) => ["off", "single", "ensemble"].includes(value as string),
  diversity: (value) => typeof value === "number",
  collapse: (value) => typeof value === "boolean" || typeof value === "number",
  hubness: (value) => typeof value === "boolean",
  thresh: isTextOrNumber,
  filters: (value) => isObject(value) && Object.values(value).every(isTexts),
};

const CHECKS: Record<keyof Kept, (value: unknown) => boolean> = {
  query: isText,
  uploads: (value) => isObject(value) && Object.values(value).every(isUpload),
  selection: (value) =>
    value === null || (isObject(value) && isTexts(value.selected) && isTexts(value.alt)),
  options: (value) =>
    isObject(value) && OPTION_NAMES.every((name) => OPTION_CHECKS[name](value[name])),
  neighbors: (value) => value === null || isNeighbors(value),
  grid: (value) => isObject(value) && (value.shown === undefined || isTexts(value.shown)),
  liked: isTexts,
  disliked: isTexts,
  ratedQuery: (value) => value === null || isText(value),
  cutoff: (value) => value === null || typeof value === "number",
  hidesBelowCutoff: (value) => typeof value === "boolean",
  tag: isText,
  exclusion: (value) =>
    value === null || (isObject(value) && isText(value.query) && isTexts(value.ids)),
};

/** The options among some values; others, and values of other types, are left out. */
export function readOptions(values: Record<string, unknown>): Partial<SearchOptions> {
  const names = OPTION_NAMES.filter((name) => name in values && OPTION_CHECKS[name](values[name]));
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

/** The state to keep; without the images, then without the results, if it is too long. */
export function stateToText(state: SearchState): string {
  const kept = Object.fromEntries(KEPT.map((name) => [name, state[name]])) as Kept;
  const lighter: Partial<Kept>[] = [{}, { uploads: {} }, { uploads: {}, neighbors: null, grid: {} }];
  const texts = lighter.map((change) => JSON.stringify({ version: VERSION, ...kept, ...change }));
  return texts.find((text) => text.length <= MAX_CHARACTERS) ?? "";
}

/** The kept state; a new one if there is none, or it is damaged. */
export function stateFromText(text: string | null, now = Date.now()): SearchState {
  const kept = parsed(text);
  if (!kept || kept.version !== VERSION) return INITIAL_STATE;
  // Options, and exclusions, may be newer than the state.
  const options = isObject(kept.options) ? { ...DEFAULT_OPTIONS, ...kept.options } : null;
  const known: Record<string, unknown> = { exclusion: null, ...kept, options };
  if (!KEPT.every((name) => CHECKS[name](known[name]))) return INITIAL_STATE;
  const state = Object.fromEntries(KEPT.map((name) => [name, known[name]])) as unknown as Kept;
  return { ...INITIAL_STATE, ...state, status: statusOf(state.neighbors, now) };
}

function parsed(text: string | null): Record<string, unknown> | null {
  if (!text) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function statusOf(neighbors: ShownNeighbors | null, now: number): SearchState["status"] {
  if (!neighbors) return INITIAL_STATE.status;
  const time = ago(new Date(neighbors.searchedAt).toISOString(), now);
  return { kind: "done", text: `${counted(neighbors.results.length)}, searched ${time}` };
}

function isUpload(value: unknown): boolean {
  return isObject(value) && [value.name, value.type, value.content, value.url].every(isText);
}

/** Whether the page can draw the results. */
function isNeighbors(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.params) || !Array.isArray(value.results)) return false;
  const { params, results } = value;
  const hasTexts = isText(value.query) && isText(value.brain_key) && isText(params.query);
  const hasLists = isTexts(value.explanation) && isTexts(value.notes) && isObject(params.uploads);
  const hasNumbers = typeof value.cutoff === "number" && Number.isFinite(value.searchedAt);
  return hasTexts && hasLists && hasNumbers && results.every(isResult);
}

function isResult(value: unknown): boolean {
  return isObject(value) && isText(value.id) && typeof value.score === "number";
}
