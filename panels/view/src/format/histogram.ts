/** A bar of a histogram: its height, and how much of it is above the cutoff, 0 to 1 each. */
export interface Bar {
  height: number;
  included: number;
}

/**
 * The histogram of scores, low ones first.
 *
 * @param scores the scores, those above the cutoff first
 * @param position how many are above the cutoff
 */
export function histogramOf(scores: number[], position: number, bins = 24): Bar[] {
  const low = Math.min(...scores);
  const span = Math.max(...scores) - low;
  const counts = Array.from({ length: bins }, () => ({ all: 0, included: 0 }));
  scores.forEach((score, i) => {
    const place = span > 0 ? Math.min(bins - 1, Math.floor((bins * (score - low)) / span)) : 0;
    const bin = counts[place];
    if (!bin) return;
    bin.all += 1;
    if (i < position) bin.included += 1;
  });
  const most = Math.max(1, ...counts.map(({ all }) => all));
  return counts.map(({ all, included }) => ({ height: all / most, included: included / most }));
}
