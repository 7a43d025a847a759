/** A share of 0 to 1 in percent, with one decimal below ten: "3.4 %". */
export function shareText(share: number): string {
  const value = 100 * share;
  return `${value < 9.95 ? Number(value.toFixed(1)) : Math.round(value)} %`;
}
