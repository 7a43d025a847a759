// Numbers and times as text.

/** "1 result", "2,000 results". */
export function counted(n: number, noun = "result"): string {
  return n === 1 ? `1 ${noun}` : `${n.toLocaleString("en-US")} ${noun}s`;
}

/** A number with two digits; "0.00" for what rounds to it from below. */
export function twoDigits(value: number): string {
  const text = value.toFixed(2);
  return text === "-0.00" ? "0.00" : text;
}

/** A probability: "97 %". */
export function percent(probability: number): string {
  if (probability > 0.99) return ">99 %";
  return probability < 0.01 ? "<1 %" : `${Math.floor(100 * probability)} %`;
}

/** The share of the index that scores at least as high: "top 0.4 %". */
export function topShare(percentile: number | null): string {
  if (percentile === null) return "";
  const top = 100 - percentile;
  if (top < 0.05) return "top <0.1 %";
  return `top ${top < 10 ? top.toFixed(1) : Math.round(top)} %`;
}

/** "4.2 kB". */
export function bytes(n: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(n, 1)) / 3));
  const value = n / 1000 ** power;
  return `${power && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** The time since an ISO date: "2 minutes ago". */
export function ago(iso: string, now = Date.now()): string {
  // A date without a time zone is UTC.
  const time = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`);
  return secondsAgo((now - time) / 1000);
}

/** A duration: "45 seconds", "12 minutes", "2.5 hours". */
export function duration(seconds: number): string {
  if (seconds < 90) return counted(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 90 * 60) return counted(Math.round(seconds / 60), "minute");
  return `${(seconds / 3600).toFixed(1)} hours`;
}

/** A time by its distance: "2 minutes ago". */
export function secondsAgo(seconds: number): string {
  const units = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ] as const;
  for (const [unit, size] of units) {
    if (seconds >= size) return `${counted(Math.floor(seconds / size), unit)} ago`;
  }
  return "just now";
}
