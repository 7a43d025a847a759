// The texts and the histogram of scores.
import { counted } from "../../format/numbers.ts";
import type { Interval, ScoreBar, ScoreKind, ScoreList, ScoresRun } from "../../generated.ts";
import { shareText } from "./rates.ts";
import { distanceText, roundedCount } from "./thresholds.ts";

/** The scores: the default field, and what a high score means. */
export const SCORES: Record<ScoreKind, { label: string; field: string; meaning: string }> = {
  outliers: {
    label: "Outliers",
    field: "outlier_score",
    meaning: "A high score is unlike the others, by local density and by distance.",
  },
  uniqueness: {
    label: "Uniqueness",
    field: "uniqueness",
    meaning: "A high score is far from the three most similar others.",
  },
  typicality: {
    label: "Typicality",
    field: "typicality",
    meaning: "A high score is in the middle of many similar ones.",
  },
};

/** A score of 0 to 1: "0.5", "0.9987". */
export function scoreText(score: number): string {
  if (score > 0.99 && score < 1) return score > 0.9999 ? ">0.9999" : score.toFixed(4);
  return String(Number(score.toFixed(3)));
}

/** "1.4 (0.1 to 4.2)". */
export function intervalText({ value, low, high }: Interval): string {
  return `${roundedCount(value)} (${roundedCount(low)} to ${roundedCount(high)})`;
}

/** What was computed, and what stands out. */
export function scoresSummary({ field, count, low, high, unusual, expected }: ScoresRun): string {
  const scores = `${counted(count, "score")} of ${scoreText(low)} to ${scoreText(high)} in the field “${field}”.`;
  if (!unusual || !expected) return `${scores} Nothing stands out.`;
  const verb = unusual === 1 ? "stands" : "stand";
  return (
    `${scores} ${unusual.toLocaleString("en-US")} ${verb} out, of which about ` +
    `${intervalText(expected)} are expected by chance.`
  );
}

/** What else to know of the scores. */
export function scoresDetails(run: ScoresRun): string[] {
  const { near_duplicates: copies, thresh, classes, recall, notes, is_saved, field } = run;
  return [
    !is_saved && `The field “${field}” does not hold these scores any more.`,
    classes > 0 && `Compared within ${classes.toLocaleString("en-US")} class${classes === 1 ? "" : "es"}.`,
    copies > 0 &&
      `${counted(copies, "near duplicate")} within a distance of ${distanceText(thresh)} ` +
        `${copies === 1 ? "has" : "have"} the score of another sample, and counted once with it.`,
    recall < 1 && `${shareText(recall)} of the nearest neighbors were found.`,
    ...notes,
  ].filter((text) => text !== false);
}

/** The lists of scores that there are. */
export function listLabels({ unusual, count }: ScoresRun): [ScoreList, string][] {
  const shown = Math.min(100, count);
  const lists: [ScoreList, string][] = [
    ["highest", `the ${shown} highest scores`],
    ["lowest", `the ${shown} lowest scores`],
  ];
  return unusual ? [["unusual", `what stands out (${unusual.toLocaleString("en-US")})`], ...lists] : lists;
}

/** The heights of the bars, and of their parts that stand out; roots make few visible. */
export function scoreBars(bars: ScoreBar[]): { height: number; unusual: number }[] {
  const most = Math.sqrt(Math.max(1, ...bars.map(({ count }) => count)));
  return bars.map(({ count, unusual }) => ({
    height: Math.sqrt(count) / most,
    unusual: count ? (unusual / count) * (Math.sqrt(count) / most) : 0,
  }));
}
