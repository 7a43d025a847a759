// Colors that people with any color vision can tell apart.

export type Color = [red: number, green: number, blue: number];

/** How the App looks. */
export interface Look {
  isDark: boolean;
}

// Twelve colors for all types of color blindness: M. Krzywinski,
// https://mkweb.bcgsc.ca/colorblind/palettes.mhtml.
const CLASSES = [
  "009F81", "FF5AAF", "008DF9", "FF6E3A", "8400CD", "FFC33B",
  "9F0162", "00C2F9", "E20134", "00FCCF", "FFB2FD", "A40122",
];

// Cividis: J. Nunez et al., "Optimizing colormaps with consideration for color vision deficiency",
// 2018.
const CIVIDIS = [
  "00224E", "123570", "3B496C", "575D6D", "707173", "8A8678", "A59C74", "C3B369", "E1CC55", "FEE838",
];

const rgb = (hex: string): Color => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)) as Color;

const CLASS_COLORS = CLASSES.map(rgb);
const RAMP = CIVIDIS.map(rgb);

/** The color of a class. */
export function classColor(code: number): Color {
  return CLASS_COLORS[code % CLASS_COLORS.length]!;
}

/** The color of points without a value, or of other classes. */
export function neutralColor({ isDark }: Look): Color {
  return isDark ? [125, 130, 138] : [150, 155, 162];
}

/** The color of points without a choice of colors. */
export function plainColor({ isDark }: Look): Color {
  return isDark ? [120, 170, 230] : [35, 100, 175];
}

/** The color of a share of 0 to 1; its darkest part is left out on a dark page, its lightest else. */
export function rampColor(share: number, { isDark }: Look): Color {
  const at = (isDark ? 0.25 + 0.75 * share : 0.88 * share) * (RAMP.length - 1);
  const low = Math.min(RAMP.length - 2, Math.max(0, Math.floor(at)));
  const part = at - low;
  return RAMP[low]!.map((value, i) => Math.round(value + part * (RAMP[low + 1]![i]! - value))) as Color;
}

/** A color for a style sheet. */
export function cssColor([r, g, b]: Color): string {
  return `rgb(${r} ${g} ${b})`;
}
