import type { IndexHealth, PanelIndex } from "../generated.ts";
import { bytes, counted, duration, secondsAgo } from "./numbers.ts";

export interface HealthRow {
  name: string;
  value: string;
  isProblem: boolean;
}

/** What the health of an index shows. */
export function healthRows(health: IndexHealth): HealthRow[] {
  const { size, dim, missing, orphaned, failed, changed, unindexed, recall, latency_ms } = health;
  const byKind = health.recall_by_kind;
  return [
    row("Vectors", dim ? `${count(size)} × ${dim}` : count(size)),
    countRow("Missing", missing),
    countRow("Orphaned", orphaned),
    countRow("Failed", failed),
    countRow("Stale", changed),
    row("Not in the FAISS index yet", count(unindexed)),
    row("Model", modelText(health.model_matches), health.model_matches === false),
    row("Type", `${health.factory ?? "exact"}, ${health.metric}`),
    row("Recall", recall === null ? "not measured" : `${percent(recall)} at 10`),
    ...(byKind ? [row("Recall by query", kindsText(byKind))] : []),
    row("Query time", latency_ms === null ? "not measured" : `${latency_ms.toPrecision(2)} ms`),
    row("Neighbor graph", graphText(health)),
    row("Disk space", bytes(health.disk_bytes)),
  ];
}

function graphText({ graph_neighbors: neighbors, graph_recall: recall }: IndexHealth): string {
  if (neighbors === null || recall === null) return "built when it is needed";
  return `${neighbors} neighbors, recall ${percent(recall)}`;
}

function row(name: string, value: string, isProblem = false): HealthRow {
  return { name, value, isProblem };
}

function countRow(name: string, n: number | null): HealthRow {
  return row(name, count(n), n !== null && n > 0);
}

function count(n: number | null): string {
  return n === null ? "not checked" : n.toLocaleString("en-US");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function kindsText(byKind: Record<string, number>): string {
  return Object.entries(byKind)
    .map(([kind, recall]) => `${kind} ${percent(recall)}`)
    .join(", ");
}

function modelText(matches: boolean | null): string {
  if (matches === null) return "unknown";
  return matches ? "unchanged" : "changed";
}

/** When the health was compared: "As of 2 minutes ago". */
export function ageText(health: IndexHealth): string {
  const time = secondsAgo(health.age_s);
  return time === "just now" ? "As of now" : `As of ${time}`;
}

/** What a rebuild does, and how long it takes, as the last build of the index went. */
export function rebuildText(
  { size, model, patches_field }: Pick<PanelIndex, "size" | "model" | "patches_field">,
  health: Pick<IndexHealth, "size" | "missing" | "orphaned" | "failed" | "rate"> | null
): string {
  const total = health ? health.size - health.orphaned + health.missing + health.failed : (size ?? 0);
  const what = counted(total, patches_field ? "label" : "sample");
  const time = health?.rate
    ? `The last build embedded ${rateText(health.rate)} a second, so this takes about ` +
      `${duration(total / health.rate)}.`
    : "How long this takes is not known: no build of this index was measured.";
  return (
    `Embed ${what} again${model ? ` with ${model}` : ""}? ${time} Searches use the present vectors ` +
    "until new ones replace them. You can cancel it; what is finished is kept."
  );
}

function rateText(rate: number): string {
  return rate < 10 ? rate.toPrecision(2) : Math.round(rate).toLocaleString("en-US");
}
