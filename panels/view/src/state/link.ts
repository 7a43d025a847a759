// A search as a part of the page's address.
import type { SavedParams, SearchParams } from "../generated.ts";
import { savedParams, stateFrom } from "./params.ts";
import { readOptions } from "./restoring.ts";
import { INITIAL_STATE, type SearchState } from "./searchState.ts";

// The App keeps unknown parameters of its address.
const PARAMETER = "faiss";
// Servers and mail programs cut longer addresses.
const MAX_CHARACTERS = 4_000;
const HANDLED = "fiftyone-faiss.link";

/** The address of a search, or a sentence why it has none. */
export function linkTo(address: string, params: SearchParams): { url: string } | { error: string } {
  if (Object.keys(params.uploads).length) {
    return { error: "An uploaded image is in no link; save the image in the dataset first." };
  }
  const url = new URL(address);
  // The open sample is no part of the search.
  for (const name of ["id", "groupId"]) url.searchParams.delete(name);
  url.hash = "";
  url.searchParams.set(PARAMETER, JSON.stringify(savedParams(params)));
  if (url.href.length > MAX_CHARACTERS) {
    return { error: "The search has too many samples for a link; search by fewer samples." };
  }
  return { url: url.href };
}

/** The text of the search in an address; the App writes some addresses with two encodings. */
function textIn(address: string): string | null {
  const text = new URL(address).searchParams.get(PARAMETER);
  return text?.startsWith("%7B") ? decodeURIComponent(text) : text;
}

/** The search in an address; null if there is none, or it is damaged. */
export function searchInLink(address: string): SavedParams | null {
  const text = textIn(address);
  if (!text) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (typeof value !== "object" || value === null) return null;
  const given = value as Record<string, unknown>;
  const lists = ["selected", "alt", "liked", "disliked"].filter((name) => isIds(given[name]));
  return {
    ...(typeof given.query === "string" && { query: given.query }),
    ...Object.fromEntries(lists.map((name) => [name, given[name]])),
    ...readOptions(given),
  };
}

function isIds(value: unknown): boolean {
  return Array.isArray(value) && value.every((id) => typeof id === "string");
}

/** Whether the address has a search that this tab has not shown yet. */
export function isLinkNew(): boolean {
  const { href } = location;
  return searchInLink(href) !== null && sessionStorage.getItem(HANDLED) !== textIn(href);
}

/** The state for the search in the address, once; null afterwards, or without one. */
export function linkedState(before: SearchState): SearchState | null {
  const params = searchInLink(location.href);
  if (!params || !isLinkNew()) return null;
  // A reload of the page shows what the user did since.
  sessionStorage.setItem(HANDLED, textIn(location.href) ?? "");
  const { grid, tag } = before;
  return { ...INITIAL_STATE, grid, tag, ...stateFrom(params), pending: "offer" };
}
