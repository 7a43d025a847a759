// The keys of a map.

export type MapAction =
  | "move" | "in" | "out" | "fit" | "lasso" | "pick" | "open" | "nearest" | "escape";

const KEYS: Record<string, MapAction> = {
  ArrowLeft: "move",
  ArrowRight: "move",
  ArrowUp: "move",
  ArrowDown: "move",
  "+": "in",
  "=": "in",
  "-": "out",
  "0": "fit",
  Home: "fit",
  l: "lasso",
  Enter: "pick",
  " ": "pick",
  o: "open",
  n: "nearest",
  Escape: "escape",
};

export const KEY_HELP =
  "Arrow keys move the map, and turn one of three dimensions; with Shift they move that, too. " +
  "Plus and minus zoom, 0 shows everything. Enter selects the point in the middle, o opens it, n " +
  "takes the points nearest to the middle, l starts or ends the lasso.";

interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What a key does on a map; null where the map does not use it. */
export function mapAction({ key, ctrlKey, metaKey, altKey }: Key): MapAction | null {
  return ctrlKey || metaKey || altKey ? null : (KEYS[key] ?? null);
}

const STEP = 40;
const STEPS: Record<string, [number, number]> = {
  ArrowLeft: [STEP, 0],
  ArrowRight: [-STEP, 0],
  ArrowUp: [0, STEP],
  ArrowDown: [0, -STEP],
};

/** How far a key moves the map, in pixels. */
export function moveBy(key: string): [number, number] {
  return STEPS[key] ?? [0, 0];
}
