// The colors of the points of a map, and the entries of its legend.
import type { ColorChoice, PointColors } from "../../generated.ts";
import { codesOf, floatsOf } from "./arrays.ts";
import { classColor, type Color, type Look, neutralColor, plainColor, rampColor } from "./palette.ts";

export const OTHER = 254;
export const NONE = 255;

/** The values of points, read from the server's answer. */
export interface Values extends Omit<PointColors, "codes" | "numbers"> {
  codes: Uint8Array | null;
  numbers: Float32Array | null;
}

export interface LegendEntry {
  code: number;
  label: string;
  count: number;
}

export function valuesOf({ codes, numbers, ...others }: PointColors): Values {
  return {
    ...others,
    codes: codes === null ? null : codesOf(codes),
    numbers: numbers === null ? null : floatsOf(numbers),
  };
}

// How much of a point shows while it is not among the chosen classes.
const DIMMED = 22;

/** Red, green, blue and alpha of each point; `only` are the classes that are not dimmed, if any. */
export function rgbaOf(
  values: Values | null,
  count: number,
  look: Look,
  only: ReadonlySet<number>
): Uint8Array {
  const rgba = new Uint8Array(4 * count);
  const alpha = count > 30_000 ? 200 : 235;
  // The colors of all codes in one array: a million points are colored while a person waits.
  const colors = Uint8Array.from(
    (values ? codeColors(values, look) : Array.from({ length: 256 }, () => plainColor(look))).flat()
  );
  for (let i = 0, at = 0; i < count; i++, at += 4) {
    const code = values ? codeOf(values, i) : NONE;
    rgba[at] = colors[3 * code]!;
    rgba[at + 1] = colors[3 * code + 1]!;
    rgba[at + 2] = colors[3 * code + 2]!;
    rgba[at + 3] = only.size && !only.has(code) ? DIMMED : alpha;
  }
  return rgba;
}

/** The class of a point; for numbers, the share of the range in 254 steps. */
function codeOf({ codes, numbers, low, high }: Values, i: number): number {
  if (codes) return codes[i]!;
  const number = numbers![i]!;
  if (Number.isNaN(number)) return NONE;
  return high > low ? Math.round((253 * (number - low)) / (high - low)) : 126;
}

/** The color of each code. */
function codeColors({ numbers }: Values, look: Look): Color[] {
  return Array.from({ length: 256 }, (_, code) => {
    if (!numbers) return codeColor(code, look);
    return code === NONE ? neutralColor(look) : rampColor(Math.min(1, code / 253), look);
  });
}

/** The color of a class in the legend. */
export function codeColor(code: number, look: Look): Color {
  return code >= OTHER ? neutralColor(look) : classColor(code);
}

/** The entries of a legend of classes. */
export function legendOf({ names, counts, others, other_count, missing, codes }: Values): LegendEntry[] {
  if (!codes) return [];
  const entries = names.map((label, code) => ({ code, label, count: counts[code] ?? 0 }));
  if (others) {
    const label = `${others.toLocaleString("en-US")} other ${others === 1 ? "value" : "values"}`;
    entries.push({ code: OTHER, label, count: other_count });
  }
  if (missing) entries.push({ code: NONE, label: "no value", count: missing });
  return entries;
}

/** The points of some classes. */
export function placesWith({ codes }: Values, only: ReadonlySet<number>): Uint32Array {
  const places: number[] = [];
  codes?.forEach((code, i) => only.has(code) && places.push(i));
  return Uint32Array.from(places);
}

/** What a person reads for a choice of colors. */
export function choiceLabel({ kind, name }: ColorChoice): string {
  if (kind === "tag") return `tag “${name}”`;
  return kind === "quality" ? "neighbors kept" : name;
}

/** The text of a point's value. */
export function valueText(values: Values | null, place: number): string {
  if (!values) return "";
  const { codes, numbers, names } = values;
  if (numbers) {
    const number = numbers[place]!;
    return Number.isNaN(number) ? "no value" : Number(number.toPrecision(3)).toString();
  }
  const code = codes![place]!;
  return code === OTHER ? "another value" : code === NONE ? "no value" : (names[code] ?? "");
}
