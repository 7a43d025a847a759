// What to select, and the texts of the receipt.
import { counted } from "../../format/numbers.ts";
import type {
  FigureName,
  FigureVerdict,
  PanelIndex,
  ReceiptFigure,
  SelectionRun,
  SelectParams,
} from "../../generated.ts";
import type { CurateView, Form } from "./curateState.ts";
import { shareText } from "./rates.ts";
import { distanceText } from "./thresholds.ts";

/** What a person chose in the form of a selection; a number is null while its field is empty. */
export interface SelectChoice {
  n: number | null;
  brainKey: string | null;
  scope: Form["scope"];
  labeled: string;
  labeledTag: string;
  balanceField: string;
  balance: number | null;
  clusterField: string;
  clusters: number | null;
  near: string;
  nearTag: string;
  nearness: number | null;
  diversity: number | null;
  typicality: number | null;
  excludeOutliers: boolean;
  judgments: boolean;
}

/** The choice before a person has made one, which is that of the service. */
export const DEFAULT_CHOICE: SelectChoice = {
  n: 20,
  brainKey: null,
  scope: "dataset",
  labeled: "",
  labeledTag: "",
  balanceField: "",
  balance: 1,
  clusterField: "",
  clusters: 0,
  near: "",
  nearTag: "",
  nearness: 2,
  diversity: 1,
  typicality: 1,
  excludeOutliers: true,
  judgments: true,
};

/** The parameters of a selection; an empty weight is that of the service. */
export function selectParams(
  choice: SelectChoice,
  index: PanelIndex | null,
  grid: CurateView["grid"]
): SelectParams {
  const text = (value: string) => value.trim() || null;
  const weight = (name: "balance" | "clusters" | "nearness" | "diversity" | "typicality") =>
    choice[name] ?? DEFAULT_CHOICE[name] ?? 0;
  return {
    ...grid,
    n: choice.n,
    brain_key: index?.brain_key ?? "",
    scope: choice.scope,
    labeled: text(choice.labeled),
    labeled_tag: text(choice.labeledTag),
    balance_field: text(choice.balanceField),
    balance: weight("balance"),
    cluster_field: text(choice.clusterField),
    clusters: weight("clusters"),
    near: index?.supports_text ? text(choice.near) : null,
    near_tag: text(choice.nearTag),
    nearness: weight("nearness"),
    diversity: weight("diversity"),
    typicality: weight("typicality"),
    exclude_outliers: choice.excludeOutliers,
    judgments: choice.judgments,
  };
}

const FIGURES: Record<FigureName, { label: string; title: string }> = {
  coverage_radius: {
    label: "Coverage radius",
    title: "The largest distance of a sample to the nearest selected or labeled one",
  },
  mean_distance: {
    label: "Mean distance",
    title: "The mean distance of a sample to the nearest selected or labeled one",
  },
  values: { label: "Values", title: "How many values of the balanced field are selected" },
  evenness: {
    label: "Evenness",
    title: "0 if one value has all, 1 for equal numbers of each value of the balanced field",
  },
};

const VERDICTS: Record<FigureVerdict, string> = {
  better: "better than all",
  chance: "no better than chance",
  worse: "worse than all",
};

/** A figure beside random choices, as the cells of a row. */
export function figureTexts({ name, value, random, verdict }: ReceiptFigure) {
  const text = (number: number) =>
    name === "values" ? String(Number(number.toFixed(1))) : distanceText(number);
  return {
    ...FIGURES[name],
    value: text(value),
    random: text(random.value),
    range: `${text(random.low)} to ${text(random.high)}`,
    verdict: VERDICTS[verdict],
  };
}

/** How many were selected, and whether they cover the others better than chance. */
export function selectionSummary({ count, figures, patches_field }: SelectionRun): string {
  const selected = `${counted(count, patches_field === null ? "sample" : "label")} selected`;
  const verdicts = figures
    .filter(({ name }) => name === "coverage_radius" || name === "mean_distance")
    .map(({ verdict }) => verdict);
  if (verdicts.every((verdict) => verdict === "better")) {
    return `${selected}. They cover the others better than each of 20 random choices.`;
  }
  if (verdicts.some((verdict) => verdict === "better")) {
    return `${selected}. They cover the others better than chance in one of two figures.`;
  }
  return `${selected}. They cover the others no better than random choices.`;
}

/** What the figures are about, in a sentence. */
export function coveredText({ covered, outliers, near_duplicates: copies }: SelectionRun): string {
  const parts = [
    `The figures are about ${counted(covered, "sample")}`,
    outliers > 0 && `${counted(outliers, "outlier")} left out`,
    copies > 0 && `one of near duplicates selected (${counted(copies, "other")})`,
  ];
  return `${parts.filter(Boolean).join("; ")}.`;
}

/** What the region that is covered least means, in a sentence. */
export function uncoveredText({ uncovered: { distance, count } }: SelectionRun): string {
  const others = count - 1;
  const near = others
    ? `${counted(others, "other")} ${others === 1 ? "is" : "are"} nearer to it than to any of them.`
    : "No other is nearer to it than to these.";
  return `The nearest selected or labeled one is ${distanceText(distance)} away. ${near}`;
}

/** The share of a value among the selected. */
export function valueShare(count: number, { count: total }: SelectionRun): string {
  return shareText(count / Math.max(1, total));
}
