import type { PanelIndex } from "../../generated.ts";

/** The chosen index; the first one if it does not exist any more. */
export function indexInForce(indexes: PanelIndex[], brainKey: string | null): PanelIndex | null {
  return indexes.find(({ brain_key }) => brain_key === brainKey) ?? indexes[0] ?? null;
}

/** The brain key of the chosen index, or of the first one; empty if there is none. */
export function knownIndex(indexes: PanelIndex[], brainKey: string | null): string {
  return indexInForce(indexes, brainKey)?.brain_key ?? "";
}
