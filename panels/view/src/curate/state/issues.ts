// Labels that are probably wrong: their texts, and a person's decisions.
import { counted, percent } from "../../format/numbers.ts";
import type { IssueRow, LabelAction, LabelPlan, LabelsRun } from "../../generated.ts";
import { rangeText, shareText } from "./rates.ts";

/** What was decided about a label; no action for nothing. */
export interface LabelDecision {
  action: LabelAction | null;
  new_label: string | null;
}

/** The decision before another one, which undo restores. */
export interface DecisionStep extends LabelDecision {
  run: string;
  id: string;
}

export type IssueKey = LabelAction | "undo" | "other" | "open" | "move";

const KEYS: Record<string, IssueKey> = {
  r: "relabel",
  k: "keep",
  n: "not sure",
  u: "undo",
  l: "other",
  Enter: "open",
  ArrowLeft: "move",
  ArrowRight: "move",
  ArrowUp: "move",
  ArrowDown: "move",
  Home: "move",
  End: "move",
};

/** What a key does among issues; null where they do not use it. */
export function issueKey(key: string): IssueKey | null {
  return KEYS[key] ?? null;
}

const MAX_HISTORY = 100;

/** The steps with a further one. */
export function withStep(steps: DecisionStep[], step: DecisionStep): DecisionStep[] {
  return [...steps, step].slice(-MAX_HISTORY);
}

/** "cat → dog"; "cat → ?" if no other label is probable. */
export function labelsText({ label, suggested }: IssueRow): string {
  return `${label} → ${suggested ?? "?"}`;
}

/** "97 % sure · dog 14, cat 1". */
export function votesText({ probability, votes }: IssueRow): string {
  const shown = votes.slice(0, 3).map(({ label, count }) => `${label} ${count}`);
  const more = votes.length > 3 ? ", …" : "";
  return `${percent(probability)} sure · ${shown.join(", ")}${more}`;
}

/** What was decided, or what has happened to the label since the audit. */
export function decisionText({ action, new_label, suggested, label, now }: IssueRow): string {
  if (action === "relabel") return `You: ${new_label ?? suggested ?? "?"}`;
  if (action === "keep") return "You: keep";
  if (action === "not sure") return "You: not sure";
  if (now === label) return "Not decided";
  return now === null ? "It has no label now" : `Now: ${now}`;
}

/** What was found, in a sentence. */
export function auditSummary(run: LabelsRun): string {
  const { issues, audited, label_field, expected_wrong: wrong, noise_rate: rate, doubt } = run;
  if (doubt !== null || !rate) return `The audit is not conclusive. ${doubt ?? ""}`;
  const labels = `${counted(audited, "label")} of “${label_field}”`;
  if (!issues) {
    return `None of ${labels} stands out as wrong; at most ${shareText(rate.high)} are.`;
  }
  const noise = `The noise rate is ${shareText(rate.rate)} (${rangeText(rate)}).`;
  const range = `${wrong.low.toLocaleString("en-US")} to ${wrong.high.toLocaleString("en-US")}`;
  const number = Math.round(wrong.value).toLocaleString("en-US");
  return (
    `${issues.toLocaleString("en-US")} of ${labels} ${issues === 1 ? "is" : "are"} probably wrong: ` +
    `${number} of these are expected to be (${range}). ${noise}`
  );
}

/** What else to know of an audit. */
export function auditDetails(run: LabelsRun): string[] {
  const { agreement, k, unlabeled, grouped, recall, notes } = run;
  return [
    `${shareText(agreement.share)} (${rangeText(agreement)}) of the votes of ${k} neighbors are ` +
      `for the own label; ${shareText(agreement.chance)} would be by chance`,
    unlabeled > 0 && `${unlabeled.toLocaleString("en-US")} have no label`,
    grouped > 0 &&
      `${grouped.toLocaleString("en-US")} have near duplicates, which do not vote for each other`,
    recall < 1 && `${(100 * recall).toFixed(1)} % of the neighbors were found`,
    ...notes.map((note) => note.replace(/\.$/, "")),
  ].filter((text) => text !== false);
}

/** What applying the decisions changes, in sentences. */
export function planText(plan: LabelPlan, field: string): string {
  const { relabel, changes, more_changes: more, skipped, keep, not_sure: unsure } = plan;
  const shown = changes.map(({ old, new: now, count }) => `${old} to ${now} (${count})`);
  if (more) shown.push(`${counted(more, "other pair")} of classes`);
  const rest = [
    keep > 0 && `${keep.toLocaleString("en-US")} to keep`,
    unsure > 0 && `${unsure.toLocaleString("en-US")} not sure`,
  ].filter((text) => text !== false);
  return [
    relabel
      ? `Applying changes ${counted(relabel, "label")} of “${field}”: ${shown.join(", ")}.`
      : "No label changes before you decide to relabel it and apply the decisions.",
    rest.length > 0 && `Your other decisions change nothing: ${rest.join(", ")}.`,
    skipped > 0 && `${counted(skipped, "label")} changed since you decided, and will stay.`,
  ]
    .filter((text) => text !== false)
    .join(" ");
}
