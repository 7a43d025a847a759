// The precision of a result, from a person's answers on sampled pairs.

const Z = 1.96;

export interface Precision {
  yes: number;
  total: number;
  share: number;
  low: number;
  high: number;
}

/** The share of "yes" with its 95 % interval (Wilson, Probable Inference, 1927). */
export function precisionOf(answers: (boolean | null)[]): Precision | null {
  const given = answers.filter((answer) => answer !== null);
  const total = given.length;
  if (!total) return null;
  const yes = given.filter(Boolean).length;
  const share = yes / total;
  const spread = (Z * Z) / total;
  const middle = share + spread / 2;
  const width = Z * Math.sqrt((share * (1 - share)) / total + spread / 4 / total);
  return {
    yes,
    total,
    share,
    low: Math.max(0, (middle - width) / (1 + spread)),
    high: Math.min(1, (middle + width) / (1 + spread)),
  };
}

/** "18 of 20 are the same picture: precision 90 % (70 to 97 %)". */
export function precisionText({ yes, total, share, low, high }: Precision): string {
  const [own, from, to] = [share, low, high].map((value) => Math.round(100 * value));
  return `${yes} of ${total} are the same picture: precision ${own} % (${from} to ${to} %)`;
}
