/** A share of 0 to 1 in percent, with one decimal below ten: "3.4 %". */
export function shareText(share: number): string {
  return `${shareNumber(share)} %`;
}

/** The ends of an interval of shares: "3.4 to 8 %". */
export function rangeText({ low, high }: { low: number; high: number }): string {
  return `${shareNumber(low)} to ${shareNumber(high)} %`;
}

function shareNumber(share: number): number {
  const value = 100 * share;
  return value < 9.95 ? Number(value.toFixed(1)) : Math.round(value);
}
