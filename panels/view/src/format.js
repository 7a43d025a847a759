// Numbers as a person reads them.

export function counted(n, one = "result") {
  return n === 1 ? `1 ${one}` : `${n.toLocaleString()} ${one}s`;
}

/** How far up in the dataset a result is: "top 0.4 %". */
export function topShare(percentile) {
  if (percentile === null || percentile === undefined) return "";
  const top = 100 - percentile;
  if (top < 0.05) return "top <0.1 %";
  return `top ${top < 10 ? top.toFixed(1) : Math.round(top)} %`;
}

export function bytes(n) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(n, 1)) / 3));
  const value = n / 1000 ** power;
  return `${power && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

/** When something was, as near as matters: "2 minutes ago". */
export function ago(iso) {
  // Without a zone, the server's times are UTC.
  const time = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(iso) ? iso : `${iso}Z`);
  const seconds = (Date.now() - time) / 1000;
  if (!(seconds >= 60)) return "just now";
  for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
    if (seconds >= size) return `${counted(Math.floor(seconds / size), unit)} ago`;
  }
  return "";
}
