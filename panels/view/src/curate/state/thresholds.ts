// The threshold: its histogram, and the texts about what it finds.
import { counted } from "../../format/numbers.ts";
import type { DistancesAnswer, Interval, ThresholdRow } from "../../generated.ts";

/** A bar of the histogram: its height, 0 to 1, and whether its pairs are within the threshold. */
export interface DistanceBar {
  height: number;
  isWithin: boolean;
}

/** The number of pairs between each two thresholds; the roots make few pairs visible. */
export function barsOf(table: ThresholdRow[], thresh: number | null): DistanceBar[] {
  const counts = table.slice(1).map((row, i) => Math.sqrt(row.pairs - (table[i]?.pairs ?? 0)));
  const most = Math.max(1, ...counts);
  return counts.map((count, i) => ({
    height: count / most,
    isWithin: thresh !== null && (table[i + 1]?.thresh ?? Infinity) <= thresh + 1e-12,
  }));
}

/** The place in the table of the threshold, or of the one below it. */
export function placeOf(table: ThresholdRow[], thresh: number | null): number {
  if (thresh === null) return 0;
  return Math.max(0, table.filter((row) => row.thresh <= thresh + 1e-12).length - 1);
}

/** What is in force: the chosen threshold, or the proposal if none is chosen. */
export function rowInForce(
  { table, proposal }: DistancesAnswer,
  thresh: number | null
): ThresholdRow | null {
  if (thresh === null) return proposal;
  const row = table[placeOf(table, thresh)];
  return row ? { ...row, thresh } : null;
}

/** "37 pairs, about 2 accidental (0 to 5)". */
export function pairsText(pairs: number, expected: Interval | null): string {
  const counts = counted(Math.round(pairs), "pair");
  if (!expected) return `${counts}; too few to tell how many are accidental`;
  const [value, low, high] = [expected.value, expected.low, expected.high].map(roundedCount);
  return `${counts}, about ${value} accidental (${low} to ${high})`;
}

/** A count that need not be whole: "0", "1.4", "1,234". */
export function roundedCount(value: number): string {
  if (value < 0.05) return "0";
  return value < 9.95 ? String(Number(value.toFixed(1))) : Math.round(value).toLocaleString("en-US");
}

/** A distance with three digits. */
export function distanceText(distance: number | null): string {
  if (distance === null) return "–";
  return distance < 1e-6 ? "0" : String(Number(distance.toPrecision(3)));
}
