// Texts about clusters.
import { counted, percent } from "../../format/numbers.ts";
import type { ClusterHeading, ClusterRow, ClustersRun } from "../../generated.ts";
import { nounOf } from "./nouns.ts";

const NO_NUMBER =
  "No number of clusters stands out: runs with other seeds agree no more than on vectors without " +
  "clusters. Enter a number to divide them all the same.";
const NO_DENSE =
  "No region is denser than its surroundings. Try a smaller size, or put all samples into clusters.";

/** What was found, in a sentence. */
export function clustersText(run: ClustersRun): string {
  const { count, named, compared, params } = run;
  if (!count) return params.method === "density" ? NO_DENSE : NO_NUMBER;
  const text = `${counted(count, "cluster")} of ${counted(compared, nounOf(run))}`;
  return params.vocabulary === "none" ? `${text}.` : `${text}, ${named} of them with a name.`;
}

/** How sure it is, and what else to know. */
export function clustersDetails(run: ClustersRun): string[] {
  const { agreement, runs, proposed, candidates, groups, notes, count } = run;
  // Without clusters, the sentence says what the note says.
  const others = count ? notes : notes.slice(1);
  return [
    agreement !== null &&
      count > 0 &&
      `${runs} runs with different seeds agree by ${agreement.toFixed(2)} (1 is the same clusters, 0 is chance)`,
    proposed !== null && `${proposed} is the proposal of ${candidates.length} numbers`,
    groups > 0 && `similar clusters are in ${counted(groups, "group")}`,
    ...others.map((note) => note.replace(/\.$/, "")),
  ].filter((text) => text !== false);
}

/** The name of a cluster, or that it has none. */
export function nameText({ name, label }: ClusterRow): string {
  return name ?? `No name (${label})`;
}

/** Why a cluster has its name, or none, and how sure that is. */
export function reasonText({ reason, evidence, is_edited }: ClusterRow): string {
  if (is_edited || !evidence) return reason;
  return `${reason.replace(/\.$/, "")} (${percent(evidence.confidence)} sure).`;
}

/** The group before its clusters. */
export function headingText(
  { name, label, clusters, size }: ClusterHeading,
  noun: string
): string {
  const title = name ? `Group “${name}”` : `${label.charAt(0).toUpperCase()}${label.slice(1)}`;
  return `${title}: ${counted(clusters.length, "cluster")}, ${counted(size, noun)}`;
}

/** A group of clusters; without a heading where there are no groups. */
export interface Segment {
  heading: ClusterHeading | null;
  rows: ClusterRow[];
}

/** Divides the clusters at the headings of their groups. */
export function segmentsOf(rows: ClusterRow[]): Segment[] {
  const segments: Segment[] = [];
  for (const row of rows) {
    const last = segments.at(-1);
    if (row.heading || !last) segments.push({ heading: row.heading, rows: [row] });
    else last.rows.push(row);
  }
  return segments;
}
